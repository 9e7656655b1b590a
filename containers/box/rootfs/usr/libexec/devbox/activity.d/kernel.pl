# Clocks, ids and bounded reads: what Perl's core leaves to modules that would
# take longer to load than the whole probe may (POSIX alone is 8 ms).
use strict;
use Config;

# Numbers of system calls, and the flag of open that follows no link; from the
# kernel's tables, stable for ever.
my %CALLS = (
  x86_64 => { clock_gettime => 228, setgroups => 116, setresuid => 117, setresgid => 119, nofollow => 0x20000 },
  aarch64 => { clock_gettime => 113, setgroups => 159, setresuid => 147, setresgid => 149, nofollow => 0x8000 },
);
# The same on every machine that Debian 12 has but mips.
my ($NONBLOCK, $NOCTTY, $ENOENT, $ELOOP) = (0x800, 0x100, 2, 40);
my ($machine) = $Config{archname} =~ /^([^-]+)/;
my $calls = $CALLS{$machine};

# Seconds of a clock, with fractions: 0 is the wall's, 1 the one nobody sets.
# On other machines whole seconds, and hundredths.
sub clock {
  my ($which) = @_;
  if ($calls) {
    my $time = pack 'q2', 0, 0;
    if (syscall($calls->{clock_gettime}, $which, $time) == 0) {
      my ($seconds, $nanoseconds) = unpack 'q2', $time;
      return $seconds + $nanoseconds / 1e9;
    }
  }
  return $which == 0 ? time : uptime();
}

sub uptime { return (slurp('/proc/uptime', 64) // '') =~ /^([\d.]+)/ ? $1 : 0 }

# Up to LIMIT bytes of a file of the kernel's or of the image's; undef when it
# cannot be read.
sub slurp {
  my ($path, $limit) = @_;
  open my $file, '<', $path or return;
  my $text = '';
  while (length $text < $limit) {
    my $count = sysread $file, $text, $limit - length $text, length $text;
    return if !defined $count;
    last if $count == 0;
  }
  return $text;
}

# The same of a file in home, where anything may lie: no link is followed, a
# pipe does not block, only plain files are read. Returns (text, mtime), or
# (undef, undef, why not); why is '' when there is none.
sub slurp_plain {
  my ($path, $limit) = @_;
  my $nofollow = $calls ? $calls->{nofollow} : do { require Fcntl; Fcntl::O_NOFOLLOW() };
  sysopen my $file, $path, $nofollow | $NONBLOCK | $NOCTTY
    or return (undef, undef, $! == $ENOENT ? '' : $! == $ELOOP ? 'a link' : "$!");
  my @facts = stat $file;
  return (undef, undef, 'not a plain file') if !-f _;
  my $text = '';
  my $count = sysread $file, $text, $limit;
  return defined $count ? ($text, $facts[9]) : (undef, undef, "$!");
}

# Gives up root for good: real, effective, saved and file system ids, and all
# groups. Dies when anything of root would be left.
sub become {
  my ($id) = @_;
  if ($calls) {
    my $groups = pack 'L', $id;
    syscall($calls->{setgroups}, 1, $groups) == 0 or die "setgroups: $!\n";
    syscall($calls->{setresgid}, $id, $id, $id) == 0 or die "setresgid: $!\n";
    syscall($calls->{setresuid}, $id, $id, $id) == 0 or die "setresuid: $!\n";
  } else {
    require POSIX;
    $) = "$id $id";
    POSIX::setgid($id);
    POSIX::setuid($id);
  }
  my $status = slurp('/proc/self/status', 8192) // '';
  $status =~ /^Uid:\t$id\t$id\t$id\t$id$/m
    && $status =~ /^Gid:\t$id\t$id\t$id\t$id$/m
    && $status =~ /^CapPrm:\t0+$/m
    && $status =~ /^Groups:\t$id ?$/m
    or die "still has rights of root\n";
}

1;
