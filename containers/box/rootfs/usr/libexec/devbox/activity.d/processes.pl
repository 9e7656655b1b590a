# Processes and terminals, as root sees them: /proc/PID/stat, cmdline and status
# are open to everybody; environ, io and fd of dev's processes are not open to
# root without CAP_SYS_PTRACE, so those are read as dev (home.pl).
use strict;

# The kernel shows times in hundredths of a second on every machine (USER_HZ).
my $TICKS = 100;

# Reads all processes: { pid => {…} }, times in seconds since 1970. Ends at
# LIMIT seconds of the clock, and says so; processes that vanish meanwhile are
# left out.
sub processes {
  my ($now, $limit) = @_;
  my $booted = $now - uptime();
  my %found;
  opendir my $proc, '/proc' or return (\%found, 0);
  my @pids = grep { /^\d+\z/ } readdir $proc;
  my $looked = 0;
  for my $pid (@pids) {
    last if ++$looked % 64 == 0 && clock(1) > $limit;
    # One read gives all of it; this line is most of the probe's time.
    open my $file, '<', "/proc/$pid/stat" or next;
    sysread $file, my ($stat), 2048 or next;
    # The name may hold anything, brackets and spaces too: up to the last one.
    my ($name, $rest) = $stat =~ /^\d+ \((.*)\) (.+)$/s or next;
    my @fields = split / /, $rest;
    $found{$pid} = {
      pid => $pid,
      name => $name,
      state => $fields[0],
      parent => $fields[1],
      group => $fields[2],
      session => $fields[3],
      tty => terminal_of($fields[4]),
      cpu => ($fields[11] + $fields[12] + $fields[13] + $fields[14]) / $TICKS,
      own => ($fields[11] + $fields[12]) / $TICKS,
      ticks => $fields[19],
      since => $booted + $fields[19] / $TICKS,
      children => [],
    };
  }
  for my $process (values %found) {
    my $parent = $found{ $process->{parent} };
    push @{ $parent->{children} }, $process if $parent;
  }
  say_unreadable("processes: looked at $looked of " . @pids) if $looked < @pids;
  return (\%found, scalar @pids);
}

# Number of /dev/pts/NUMBER, undef for no or another terminal. Majors 136 to 143
# are pseudo terminals.
sub terminal_of {
  my ($device) = @_;
  my $major = ($device >> 8) & 0xFFF;
  my $minor = ($device & 0xFF) | (($device >> 12) & 0xFFF00);
  return $major >= 136 && $major <= 143 ? ($major - 136) * 256 + $minor : undef;
}

# The words a process was started with, up to 4 KiB; asked once.
sub words {
  my ($process) = @_;
  return $process->{words} //= [split /\0/, slurp("/proc/$process->{pid}/cmdline", 4096) // ''];
}

# The owner of /proc/PID may lie (root's, for processes that hide from their
# user), this does not.
sub owner {
  my ($process) = @_;
  return $process->{owner} //= (slurp("/proc/$process->{pid}/status", 4096) // '') =~ /^Uid:\t(\d+)/m ? $1 : -1;
}

# A process and all below it.
sub family {
  my ($process) = @_;
  my @waiting = ($process);
  my (@members, %seen);
  while (my $next = shift @waiting) {
    next if $seen{ $next->{pid} }++;
    push @members, $next;
    push @waiting, @{ $next->{children} };
  }
  return @members;
}

sub newest { my $most; for (@_) { $most = $_ if defined && (!defined $most || $_ > $most) } return $most }
sub sum { my $sum = 0; $sum += $_ for @_; return $sum }

# { number => { input, output } } of /dev/pts. The kernel moves the access time
# when a program reads what was typed, and the modification time when one writes,
# both at most every 8 seconds. A time that is not after the last change of owner
# or mode is that of the terminal's making, or of somebody's `touch`.
sub terminals {
  my %found;
  opendir my $directory, '/dev/pts' or do { say_unreadable("terminals: $!"); return \%found };
  for my $number (grep { /^\d+\z/ } readdir $directory) {
    my @facts = lstat "/dev/pts/$number" or next;
    my ($read, $written, $changed) = @facts[8 .. 10];
    $found{$number} = {
      input => $read > $changed ? $read : undef,
      output => $written > $changed ? $written : undef,
    };
  }
  return \%found;
}

# (input, output) of the terminals of some processes.
sub typed {
  my ($terminals, @members) = @_;
  my @used = grep { defined } map { defined $_->{tty} ? $terminals->{ $_->{tty} } : undef } @members;
  return (newest(map { $_->{input} } @used), newest(map { $_->{output} } @used));
}

# (seconds, source) that the whole box has used since it started.
sub cpu_seconds {
  my ($processes) = @_;
  # The root of a whole host has no cgroup.type: its figures are not ours.
  if (-e '/sys/fs/cgroup/cgroup.type') {
    my $text = slurp('/sys/fs/cgroup/cpu.stat', 4096) // '';
    return ($1 / 1e6, 'cgroup2') if $text =~ /^usage_usec (\d+)$/m;
  }
  for my $folder ('cpuacct', 'cpu,cpuacct') {
    my $text = slurp("/sys/fs/cgroup/$folder/cpuacct.usage", 64) // '';
    return ($1 / 1e9, 'cgroup1') if $text =~ /^(\d+)$/m;
  }
  say_unreadable('cpu: no cgroup figures; processes that ended are counted only where their parent lives');
  return (sum(map { $_->{cpu} } values %$processes), 'processes');
}

1;
