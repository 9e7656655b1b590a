# Established TCP connections to what listens in the box, from the kernel's
# sock_diag by netlink, in one millisecond and without another process.
use strict;

my ($AF_INET, $AF_INET6, $AF_NETLINK, $SOCK_RAW, $SOCK_DIAG) = (2, 10, 16, 3, 4);
my ($ESTABLISHED, $LISTEN) = (1, 10);
my $MOST_READ = 4000;

sub family_sockets {
  my ($family, $found) = @_;
  socket my $netlink, $AF_NETLINK, $SOCK_RAW, $SOCK_DIAG or return "$!";
  # SOCK_DIAG_BY_FAMILY, a dump; TCP with its INET_DIAG_INFO.
  my $request = pack 'L S S L L  C C C C L  n n a16 a16 L L L',
    72, 20, 0x301, 1, 0, $family, 6, 2, 0, (1 << $ESTABLISHED) | (1 << $LISTEN), 0, 0, '', '', 0, 0, 0;
  defined send $netlink, $request, 0 or return "$!";
  while (1) {
    vec(my $readable = '', fileno $netlink, 1) = 1;
    select($readable, undef, undef, 0.5) or return 'no answer';
    defined recv $netlink, my $answer, 65536, 0 or return "$!";
    while (length $answer >= 16) {
      my ($length, $type) = unpack 'L S', $answer;
      return if $type == 3;
      if ($type == 2) {
        local $! = -unpack 'x16 l', $answer;
        return "$!";
      }
      return 'an answer that makes no sense' if $length < 16 || $length > length $answer;
      push @$found, socket_of($family, substr $answer, 16, $length - 16) if $length >= 88;
      return "more than $MOST_READ connections" if @$found > $MOST_READ;
      substr $answer, 0, ($length + 3) & ~3, '';
    }
  }
}

# One struct inet_diag_msg and the attributes behind it.
sub socket_of {
  my ($family, $message) = @_;
  my (undef, $state, undef, undef, $port, $peer_port, $address, $peer, undef, $low, $high, undef, undef, undef, $owner) =
    unpack 'C C C C n n a16 a16 L L L L L L L', $message;
  my %socket = (
    state => $state,
    port => $port,
    peer_port => $peer_port,
    address => address($family, $address),
    peer => address($family, $peer),
    owner => $owner,
    id => sprintf('%08x%08x', $high, $low),
  );
  my $at = 72;
  while ($at + 4 <= length $message) {
    my ($length, $type) = unpack "x$at S S", $message;
    last if $length < 4;
    if ($type == 2) {
      # struct tcp_info: milliseconds at 44 and 52, bytes at 120 and 128.
      my $info = substr $message, $at + 4, $length - 4;
      @socket{qw(sent_ago received_ago)} = unpack 'x44 L x4 L', $info if length $info >= 56;
      @socket{qw(sent received)} = unpack 'x120 Q Q', $info if length $info >= 136;
    }
    $at += ($length + 3) & ~3;
  }
  return \%socket;
}

# As text; IPv4 inside IPv6 as IPv4, so that both ends of a connection agree.
sub address {
  my ($family, $bytes) = @_;
  return join '.', unpack 'C4', $bytes if $family == $AF_INET;
  return join '.', unpack 'x12 C4', $bytes if substr($bytes, 0, 12) eq "\0" x 10 . "\xFF\xFF";
  return join ':', map { sprintf '%x', $_ } unpack 'n8', $bytes;
}

# Where there is no sock_diag: the same without bytes, times and owners' ids.
sub table_sockets {
  my ($file, $family, $found) = @_;
  for my $line (split /\n/, slurp($file, 1 << 20) // '') {
    my ($address, $port, $peer, $peer_port, $state, $owner) =
      $line =~ /^\s*\d+: ([0-9A-F]+):([0-9A-F]{4}) ([0-9A-F]+):([0-9A-F]{4}) (01|0A) (?:\S+ +){3}(\d+)/ or next;
    my @ends = map { address($family, pack 'L*', map { hex } /(.{8})/g) } $address, $peer;
    push @$found, {
      state => hex $state, address => $ends[0], peer => $ends[1], owner => $owner,
      port => hex $port, peer_port => hex $peer_port, id => "$address:$port-$peer:$peer_port",
    };
  }
}

# Connections of use: those to a listener of the box, and Syncthing's own calls.
# `from` is whose socket the other end in the box is: root (tailscaled, so the
# tailnet) or dev; `outside` when it is not in the box.
sub connections {
  my ($now) = @_;
  my @found;
  my $why = family_sockets($AF_INET, \@found) // family_sockets($AF_INET6, \@found);
  if (defined $why) {
    say_unreadable("connections: $why");
    if (!@found) {
      say_unreadable('connections: bytes and times are unknown');
      table_sockets('/proc/net/tcp', $AF_INET, \@found);
      table_sockets('/proc/net/tcp6', $AF_INET6, \@found);
    }
  }
  my %listens = map { ($_->{port} => 1) } grep { $_->{state} == $LISTEN } @found;
  my @established = grep { $_->{state} == $ESTABLISHED } @found;
  my %other = map { ("$_->{address} $_->{port} $_->{peer} $_->{peer_port}" => $_) } @established;
  my @used;
  for my $socket (@established) {
    my $calls_out = $socket->{peer_port} == 22000 && $socket->{peer} !~ /^127\.|^0:0:0:0:0:0:0:1$/;
    next if !$listens{ $socket->{port} } && !$calls_out;
    my $other = $other{"$socket->{peer} $socket->{peer_port} $socket->{address} $socket->{port}"};
    $socket->{from} = !$other ? 'outside' : $other->{owner} == 0 ? 'root' : $other->{owner} == 1000 ? 'dev' : 'other';
    $socket->{served} = $calls_out ? 22000 : $socket->{port};
    $socket->{last_in} = $now - $socket->{received_ago} / 1000 if $socket->{received};
    $socket->{last_out} = $now - $socket->{sent_ago} / 1000 if $socket->{sent};
    push @used, $socket;
  }
  return sort { ($b->{last_in} // 0) <=> ($a->{last_in} // 0) } @used;
}

1;
