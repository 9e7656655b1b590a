# From processes, terminals and what the child said to the parts of the answer.
use strict;

my $MOST = 100;
my $SCRIPT_RUNNERS = qr/^(?:node|nodejs|bun|deno|python[\d.]*|pypy[\d.]*|ruby|perl)\z|MainThread\z/;
my $NO_NAME = qr/^(?:index|main|cli|bin|dist|lib|build|src|start|run)\z/;
my %SERVED = (8080 => 'code-server', 22000 => 'syncthing', 8384 => 'syncthing-gui');

sub is_multiplexer { return $_[0]{name} eq 'tmux: server' || ($_[0]{name} =~ /^(?:screen|SCREEN)\z/ && !defined $_[0]{tty}) }

# The processes that stand for something, by kind.
sub sorted {
  my ($processes) = @_;
  my %kinds = (exec => [], ssh => [], zed => [], zed_server => [], multiplexers => []);
  for my $process (sort { $a->{pid} <=> $b->{pid} } values %$processes) {
    my $parent = $processes->{ $process->{parent} };
    if (is_multiplexer($process)) { push @{ $kinds{multiplexers} }, $process }
    elsif ($process->{name} =~ /^zed-remote-serv/) {
      my $role = grep { $_ eq 'proxy' } @{ words($process) };
      push @{ $kinds{ $role ? 'zed' : 'zed_server' } }, $process;
    }
    # The engine's own child: its parent is outside of the box.
    if ($process->{parent} == 0 && $process->{pid} != 1 && $process->{pid} != $$) {
      push @{ $kinds{exec} }, $process if !is_own_program($process);
    } elsif ($parent && is_ssh($process, $parent)) { push @{ $kinds{ssh} }, $process }
  }
  return \%kinds;
}

# Root's runs of the programs of the contract, which nobody works in.
sub is_own_program {
  my ($process) = @_;
  return runs($process, qr{^/usr/libexec/devbox/}) && owner($process) == 0;
}

# Is a program that a pattern matches among the words before the arguments?
sub runs {
  my ($process, $pattern) = @_;
  my @words = @{ words($process) };
  return scalar grep { defined && $_ =~ $pattern } @words[0 .. 2];
}

# A login that tailscaled started: its own helper, or what that became.
sub is_ssh {
  my ($process, $parent) = @_;
  return if $parent->{name} ne 'tailscaled' || owner($parent) != 0;
  # In a box of ours it has become dev's own shell or command.
  return 1 if owner($process) == 1000;
  return 1 if $process->{name} =~ /^(?:login|su)\z/;
  my @words = @{ words($process) };
  return @words > 2 && $words[1] eq 'be-child' && $words[2] =~ /^(?:ssh|sftp)\z/;
}

sub times_and_size {
  my ($process, $terminals) = @_;
  my @members = family($process);
  my ($input, $output) = typed($terminals, @members);
  my ($tty) = grep { defined } map { $_->{tty} } @members;
  return (
    pid => num($process->{pid}),
    since => num($process->{since}),
    tty => str(defined $tty ? "pts/$tty" : undef),
    lastInput => num($input),
    lastOutput => num($output),
    cpuSeconds => num(sum(map { $_->{cpu} } @members)),
    processes => num(scalar @members),
    # Without arguments, which may hold secrets.
    command => str((names($process))[-1]),
  );
}

sub bounded {
  my ($what, @all) = @_;
  return @all if @all <= $MOST;
  say_unreadable("$what: " . (@all - $MOST) . ' more are left out');
  return @all[0 .. $MOST - 1];
}

sub by_pid { my ($told, $tag) = @_; return map { my ($pid, @rest) = @$_; ($pid => \@rest) } @{ $told->{$tag} // [] } }

sub sessions {
  my ($kinds, $terminals, $told) = @_;
  my %ids = by_pid($told, 'session');
  my %bytes = by_pid($told, 'bytes');
  my @found;
  for my $process (bounded('sessions', @{ $kinds->{ssh} })) {
    my ($who) = map { /^--remote-user=(.*)/s } @{ words($process) };
    push @found, obj(kind => str('tailscale-ssh'), remoteUser => str($who), times_and_size($process, $terminals));
  }
  for my $process (bounded('sessions', @{ $kinds->{exec} })) {
    my $is_forward = runs($process, qr{^/usr/libexec/devbox/connect\z});
    my $id = $ids{ $process->{pid} };
    push @found, obj(kind => str($is_forward ? 'forward' : 'exec'), id => str($id && $id->[0]), times_and_size($process, $terminals));
  }
  for my $process (bounded('sessions', @{ $kinds->{zed} })) {
    my ($in, $out) = @{ $bytes{ $process->{pid} } // [] };
    push @found, obj(kind => str('zed'), bytesIn => num($in), bytesOut => num($out), times_and_size($process, $terminals));
  }
  return @found;
}

sub tcp_sessions {
  return map {
    obj(
      kind => str($SERVED{ $_->{served} } // 'tcp'),
      port => num($_->{served}),
      id => str($_->{id}),
      from => str($_->{from}),
      bytesIn => num($_->{received}),
      bytesOut => num($_->{sent}),
      lastIn => num($_->{last_in}),
      lastOut => num($_->{last_out}),
    )
  } bounded('connections', @_);
}

sub all_terminals {
  my ($terminals) = @_;
  my @all = values %$terminals;
  return obj(
    open => num(scalar @all),
    lastInput => num(newest(map { $_->{input} } @all)),
    lastOutput => num(newest(map { $_->{output} } @all)),
  );
}

sub box {
  my ($processes, $now) = @_;
  my $init = $processes->{1};
  my $boot = slurp('/proc/sys/kernel/random/boot_id', 64) // '';
  chomp $boot;
  return obj(
    uptime => num($init && $now - $init->{since}),
    instance => str($init && "$boot:$init->{ticks}"),
  );
}

sub workspace {
  my ($told) = @_;
  my $facts = $told->{workspace} or return 'null';
  my ($entries, $complete, $newest, $path, $ahead, $ahead_at) = @{ $facts->[0] };
  return obj(
    lastChange => num($newest),
    path => str($path),
    entries => num($entries),
    complete => bool($complete),
    future => $ahead ? obj(count => num($ahead), latest => num($ahead_at)) : 'null',
  );
}

sub cpu {
  my ($processes, $count, $seconds, $source) = @_;
  my %groups;
  push @{ $groups{ $_->{group} } }, $_ for grep { $_->{pid} != $$ } values %$processes;
  my @busy = map { [sum(map { $_->{own} } @{ $groups{$_} }), $_] } keys %groups;
  @busy = grep { $_->[0] > 0 } (sort { $b->[0] <=> $a->[0] } @busy)[0 .. ($#busy < 2 ? $#busy : 2)];
  my @shown = map {
    my ($used, $group) = @$_;
    my ($first) = sort { $a->{since} <=> $b->{since} } @{ $groups{$group} };
    obj(
      group => num($group), command => str((names($first))[-1]), since => num($first->{since}),
      processes => num(scalar @{ $groups{$group} }), cpuSeconds => num($used),
    );
  } @busy;
  return obj(seconds => num($seconds), source => str($source), processes => num($count), groups => list(@shown));
}

# The names a process may be listed by.
sub names {
  my ($process) = @_;
  my @names = ($process->{name});
  # The kernel keeps 15 characters of a name.
  push @names, words($process)->[0] =~ m{([^/]+)\z} if length $process->{name} == 15 && @{ words($process) };
  if ($process->{name} =~ $SCRIPT_RUNNERS) {
    my (undef, @words) = @{ words($process) };
    while (@words && $words[0] =~ /^-/) { last if shift @words eq '-m' }
    my @parts = reverse split m{/}, $words[0] // '';
    s/\.(?:[cm]?[jt]s|pyz?|rb|pl)\z// for @parts;
    # …/gemini-cli/dist/index.js is known by its folder.
    while (@parts > 1 && $parts[0] =~ $NO_NAME) { shift @parts }
    push @names, $parts[0] if @parts;
  }
  return @names;
}

sub agents {
  my ($processes, $kinds, $terminals, $told) = @_;
  my %listed = map { ($_->[0] => 'user') } @{ $told->{agent} // [] };
  my $text = slurp('/etc/devbox/agents', 16384);
  say_unreadable("agents: /etc/devbox/agents: $!") if !defined $text;
  $listed{$_} = 'image' for names_of($text // '');
  my %agents;
  for my $process (values %$processes) {
    my ($name) = grep { exists $listed{$_} } names($process);
    $agents{ $process->{pid} } = $name if defined $name && $process->{state} ne 'Z';
  }
  my %multiplexer = map { ($_->{pid} => $_) } @{ $kinds->{multiplexers} };
  my @found;
  for my $pid (sort { $a <=> $b } keys %agents) {
    my ($above, $inside, %seen) = ($processes->{$pid});
    my $own = 1;
    while ($above = $processes->{ $above->{parent} } and !$seen{ $above->{pid} }++) {
      $own = 0 if exists $agents{ $above->{pid} };
      $inside //= $above->{name} =~ /^tmux/ ? 'tmux' : 'screen' if $multiplexer{ $above->{pid} };
    }
    next if !$own;
    my $name = $agents{$pid};
    push @found, obj(
      name => str($name), listedBy => str($listed{$name}), inside => str($inside),
      detached => bool($inside || !defined $processes->{$pid}{tty}), times_and_size($processes->{$pid}, $terminals),
    );
  }
  return bounded('agents', @found);
}

sub detached {
  my ($kinds, $terminals, $told) = @_;
  my %clients = by_pid($told, 'clients');
  my @found = map {
    obj(
      kind => str($_->{name} =~ /^tmux/ ? 'tmux' : 'screen'),
      panes => num(scalar @{ $_->{children} }),
      clients => num(($clients{ $_->{pid} } // [])->[0]),
      times_and_size($_, $terminals),
    )
  } @{ $kinds->{multiplexers} };
  push @found, map { obj(kind => str('zed-server'), panes => 'null', clients => 'null', times_and_size($_, $terminals)) }
    @{ $kinds->{zed_server} };
  return bounded('detached', @found);
}

sub holds {
  my ($told, $now) = @_;
  return map {
    my ($path, $since, $until) = @$_;
    obj(path => str($path), since => num($since), until => num($until), future => bool($since > $now + 1));
  } @{ $told->{hold} // [] };
}

1;
