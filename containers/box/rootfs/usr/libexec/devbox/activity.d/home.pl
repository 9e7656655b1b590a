# What belongs to dev, read with dev's rights alone, in a child of the probe. Each
# fact goes to the parent at once, one line of fields, so that what takes too long
# or is killed costs only what comes after it.
use strict;

my $HOME = '/home/dev';
my $WORKSPACE = "$HOME/workspace";
my $MOST_ENTRIES = 20_000;
my $WALK_SECONDS = 0.015;
my $MOST_WAITING = 20_000;

# Not work: what tools fill by themselves. Of .git only what a person's command
# changes is looked at, as editors refresh the index and fetch on their own.
my %SKIPPED = map { ($_ => 1) } qw(
  node_modules .cache __pycache__ .venv venv .tox .direnv .mypy_cache .pytest_cache
  .ruff_cache .gradle .terraform .parcel-cache .turbo .stversions .stfolder .hg .svn .jj
);
my @OF_GIT = qw(HEAD logs/HEAD COMMIT_EDITMSG MERGE_HEAD);

my %UNITS = (s => 1, m => 60, h => 3600, d => 86400, w => 604800);

sub tell_parent {
  my @fields = map { $_ // '' } @_;
  s/([\x00-\x1F%\x7F])/sprintf '%%%02X', ord $1/ge for @fields;
  my $line = join("\t", @fields) . "\n";
  syswrite STDOUT, $line;
}

sub unreadable_here { tell_parent('unreadable', @_) }

# Everything as dev, the walk last.
sub look_as_dev {
  my ($now, $roots, $multiplexers, $zed) = @_;
  session_id($_) for @$roots;
  open_terminals($_) for @$multiplexers;
  bytes_moved($_) for @$zed;
  own_agents();
  hold($_, $now) for "$HOME/.devbox-hold", '/run/user/1000/devbox-hold';
  heartbeat();
  my $top = -l $WORKSPACE ? readlink $WORKSPACE : undef;
  walk($WORKSPACE, $now);
  unreadable_here("workspace: is a link to $top") if defined $top;
}

sub session_id {
  my ($pid) = @_;
  my $environment = slurp("/proc/$pid/environ", 65536) // return;
  tell_parent('session', $pid, $1) if $environment =~ /(?:^|\0)DEVBOX_SESSION=([A-Za-z0-9]{1,64})(?:\0|\z)/;
}

# Terminals a multiplexer has open from the outside: those of attached clients.
# Its panes are the other ends, which show as ptmx.
sub open_terminals {
  my ($pid) = @_;
  opendir my $directory, "/proc/$pid/fd" or return unreadable_here("detached: clients of process $pid: $!");
  my (%open, $looked);
  while (defined(my $fd = readdir $directory)) {
    last if ++$looked > 1024;
    my $target = readlink "/proc/$pid/fd/$fd" // next;
    $open{$1} = 1 if $target =~ m{^/dev/pts/(\d+)\z};
  }
  tell_parent('clients', $pid, scalar keys %open);
}

sub bytes_moved {
  my ($pid) = @_;
  my $io = slurp("/proc/$pid/io", 1024) // return unreadable_here("sessions: bytes of process $pid: $!");
  tell_parent('bytes', $pid, $1, $2) if $io =~ /^rchar: (\d+)\nwchar: (\d+)$/m;
}

# Names only: letters, digits and . _ + - ; at most 64 of up to 64 characters.
sub names_of {
  my ($text) = @_;
  my @names = map { /^\s*([A-Za-z0-9._+-]{1,64})\s*(?:#.*)?\z/ ? $1 : () } split /\n/, $text;
  return @names > 64 ? @names[0 .. 63] : @names;
}

sub own_agents {
  my ($text, undef, $why) = slurp_plain("$HOME/.config/devbox/agents", 16384);
  unreadable_here("agents: ~/.config/devbox/agents: $why") if $why;
  tell_parent('agent', $_) for names_of($text // '');
}

# A file that asks to keep the box. Its first line may have an end: a time in
# ISO 8601, or a duration such as 3d from the file's modification time on.
sub hold {
  my ($path, $now) = @_;
  my ($text, $since, $why) = slurp_plain($path, 256);
  return $why && unreadable_here("hold: $path: $why") if !defined $text;
  my ($line) = $text =~ /^([^\r\n]*)/;
  $line =~ s/^\s+|\s+\z//g;
  my $until = $line eq '' ? undef : end_of($line, $since);
  unreadable_here("hold: $path: its first line is neither a time nor a duration") if $line ne '' && !defined $until;
  tell_parent('hold', $path, $since, $until);
}

sub end_of {
  my ($line, $since) = @_;
  return $since + $1 * $UNITS{$2} if $line =~ /^(\d{1,5}) ?([smhdw])\z/;
  my ($year, $month, $day, $hour, $minute, $second, $zone) = $line =~
    /^(\d{4})-(\d\d)-(\d\d)(?:[T ](\d\d):(\d\d)(?::(\d\d)(?:\.\d+)?)?(Z|[+-]\d\d:?\d\d)?)?\z/ or return;
  return if $month < 1 || $month > 12 || $day < 1 || $day > 31;
  return if ($hour // 0) > 24 || ($minute // 0) > 59 || ($second // 0) > 60;
  my $offset = ($zone // '') =~ /^([+-])(\d\d):?(\d\d)/ ? "${1}1" * ($2 * 3600 + $3 * 60) : 0;
  return days($year, $month, $day) * 86400 + ($hour // 0) * 3600 + ($minute // 0) * 60 + ($second // 0) - $offset;
}

# Days from 1 January 1970 in the Gregorian calendar, with years that begin in
# March so that the leap day comes last.
sub days {
  my ($year, $month, $day) = @_;
  ($year, $month) = $month > 2 ? ($year, $month - 3) : ($year - 1, $month + 9);
  my $leaps = int($year / 4) - int($year / 100) + int($year / 400);
  return 365 * $year + $leaps + int((153 * $month + 2) / 5) + $day - 1 - 719468;
}

sub heartbeat {
  my @facts = lstat "$HOME/.local/share/code-server/heartbeat";
  tell_parent('heartbeat', $facts[9]) if @facts;
}

# The newest modification time below the workspace, within bounds of entries and
# time. Two orders take turns: breadth first with the newest folders first, and
# any folder at random. A time stays until the next change, so what one probe did
# not reach is found by a later one.
sub walk {
  my ($top, $now) = @_;
  my ($entries, $newest, $at, $ahead, $ahead_at, $closed) = (0, undef, undef, 0, undef, 0);
  my @top = stat $top or return unreadable_here("workspace: $!");
  my $limit = clock(1) + $WALK_SECONDS;
  my $complete = 1;
  my $see = sub {
    my ($path, $time) = @_;
    if ($time > $now + 1) {
      $ahead++;
      $ahead_at = $time if !defined $ahead_at || $time > $ahead_at;
    } elsif (!defined $newest || $time > $newest) {
      ($newest, $at) = ($time, $path);
    }
  };
  my @waiting = ('');
  my $turn = 0;
  FOLDER: while (@waiting) {
    my $folder = $turn++ % 2 ? random_of(\@waiting) : shift @waiting;
    opendir my $directory, "$top/$folder" or do { $closed++; next };
    my @below;
    while (defined(my $name = readdir $directory)) {
      next if $name eq '.' || $name eq '..';
      if (++$entries >= $MOST_ENTRIES || ($entries % 32 == 0 && clock(1) > $limit)) { $complete = 0; last FOLDER }
      next if $SKIPPED{$name};
      my $path = "$folder$name";
      my @facts = lstat "$top/$path" or next;
      if (-d _) {
        next if $facts[0] != $top[0];
        if ($name eq '.git') {
          for my $known (@OF_GIT) { my $time = (lstat "$top/$path/$known")[9] // next; $see->("$path/$known", $time) }
          next;
        }
        push @below, [$facts[9], "$path/"];
      }
      $see->($path, $facts[9]);
    }
    push @waiting, map { $_->[1] } sort { $b->[0] <=> $a->[0] } @below;
    if (@waiting > $MOST_WAITING) { $complete = 0; $#waiting = $MOST_WAITING - 1 }
  }
  unreadable_here("workspace: $closed folders are closed to dev") if $closed;
  tell_parent('workspace', $entries, $complete, $newest, $at, $ahead, $ahead_at);
}

# Takes one out; its place goes to the last, as order does not matter there.
sub random_of {
  my ($waiting) = @_;
  my $index = int rand @$waiting;
  my $taken = $waiting->[$index];
  my $last = pop @$waiting;
  $waiting->[$index] = $last if $index < @$waiting;
  return $taken;
}

1;
