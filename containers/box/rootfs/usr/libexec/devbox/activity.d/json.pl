# JSON from values whose type the caller says, so that a file called 123 stays a
# string. The output is pure ASCII whatever bytes go in: names of processes and
# files are anybody's.
use strict;

my $WELL_FORMED = qr/
    [\xC2-\xDF][\x80-\xBF]
  | \xE0[\xA0-\xBF][\x80-\xBF] | [\xE1-\xEC\xEE\xEF][\x80-\xBF]{2} | \xED[\x80-\x9F][\x80-\xBF]
  | \xF0[\x90-\xBF][\x80-\xBF]{2} | [\xF1-\xF3][\x80-\xBF]{3} | \xF4[\x80-\x8F][\x80-\xBF]{2}
/x;

# A character as JSON escapes it; beyond 16 bits as a pair.
sub escaped {
  my ($bytes) = @_;
  utf8::decode($bytes);
  my $code = ord $bytes;
  return sprintf '\u%04x', $code if $code < 0x10000;
  $code -= 0x10000;
  return sprintf '\u%04x\u%04x', 0xD800 + ($code >> 10), 0xDC00 + ($code & 0x3FF);
}

# A string, cut at LIMIT bytes (200); null for undef.
sub str {
  my ($text, $limit) = @_;
  return 'null' if !defined $text;
  $limit //= 200;
  if (length $text > $limit) {
    $text = substr $text, 0, $limit;
    # Not half a character at the end.
    $text =~ s/[\xC0-\xFF][\x80-\xBF]{0,2}\z//;
  }
  $text =~ s/(["\\])/\\$1/g;
  $text =~ s/([\x00-\x1F\x7F])/sprintf '\u%04x', ord $1/ge;
  $text =~ s/($WELL_FORMED)|[\x80-\xFF]/defined $1 ? escaped($1) : '\ufffd'/ge;
  return "\"$text\"";
}

# A number, to the millisecond when it has fractions; null for undef.
sub num {
  my ($value) = @_;
  return 'null' if !defined $value;
  return sprintf '%.0f', $value if $value == int $value;
  my $text = sprintf '%.3f', $value;
  $text =~ s/\.?0+\z//;
  return $text;
}

sub bool { return $_[0] ? 'true' : 'false' }
sub list { return '[' . join(',', @_) . ']' }

# Names and values in turn; the names are ours.
sub obj {
  my @parts;
  while (my ($name, $value) = splice @_, 0, 2) { push @parts, "\"$name\":$value" }
  return '{' . join(',', @parts) . '}';
}

1;
