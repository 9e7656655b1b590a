# Finds repositories in the workspace and asks git about each; with dev's rights
# alone. One line of fields for each that has something, so that what takes too
# long costs only what comes after it.
use strict;

my $WORKSPACE = '/home/dev/workspace';
my $MOST_ENTRIES = 50_000;
my $MOST_DEPTH = 8;
my $WALK_SECONDS = 1;
my $MOST_REPOSITORIES = 100;
my $MOST_BRANCHES = 20;
my $MOST_COMMITS = 10_000;
my $MOST_OUTPUT = 1 << 22;

my %SKIPPED = map { ($_ => 1) } qw(
  .git node_modules .cache __pycache__ .venv venv .tox .direnv .gradle .terraform .stversions
);

# Nothing that a repository's or the user's settings name is run or written: no
# hooks, no monitors, no traces, no filters (see `drivers`), and no remote is
# spoken to, whatever a partial clone would like to fetch.
my %ENVIRONMENT = (
  PATH => '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin',
  HOME => '/home/dev', LANG => 'C.UTF-8',
  GIT_OPTIONAL_LOCKS => 0, GIT_TERMINAL_PROMPT => 0, GIT_ASKPASS => '/bin/false', GIT_PAGER => 'cat',
  GIT_ALLOW_PROTOCOL => 'none', GIT_NO_LAZY_FETCH => 1, GIT_NO_REPLACE_OBJECTS => 1,
  GIT_CONFIG_GLOBAL => '/dev/null', GIT_CONFIG_NOSYSTEM => 1, GIT_ATTR_NOSYSTEM => 1,
  GIT_TRACE2 => 0, GIT_TRACE2_EVENT => 0, GIT_TRACE2_PERF => 0,
);
my %SETTINGS = (
  'core.fsmonitor' => 'false', 'core.hooksPath' => '/dev/null', 'core.untrackedCache' => 'false',
  'core.preloadIndex' => 'false', 'log.showSignature' => 'false', 'core.attributesFile' => '/dev/null',
);

sub tell_parent {
  my @fields = map { $_ // '' } @_;
  s/([\x00-\x1F%\x7F])/sprintf '%%%02X', ord $1/ge for @fields;
  my $line = join("\t", @fields) . "\n";
  syswrite STDOUT, $line;
}

# Ends at LIMIT seconds of the clock, and says whether that was before the end.
sub look {
  my ($limit) = @_;
  %ENV = %ENVIRONMENT;
  my ($found, $complete) = repositories(clock(1) + $WALK_SECONDS);
  my %seen;
  for my $path (@$found) {
    if (clock(1) > $limit) { $complete = 0; last }
    report($path, \%seen);
  }
  tell_parent('end', $complete ? 1 : 0);
}

# Paths of what looks like a repository, the shallowest first, and working trees
# that hang on another one last: those have a file where others have a folder.
sub repositories {
  my ($limit) = @_;
  my ($entries, $complete, @found, @linked) = (0, 1);
  my @top = stat $WORKSPACE or return ([], 1);
  my @waiting = (['', 0]);
  FOLDER: while (my $next = shift @waiting) {
    my ($folder, $depth) = @$next;
    opendir my $directory, "$WORKSPACE/$folder" or next;
    my ($is_tree, %bare, @below);
    while (defined(my $name = readdir $directory)) {
      next if $name eq '.' || $name eq '..';
      if (++$entries >= $MOST_ENTRIES || ($entries % 64 == 0 && clock(1) > $limit)) { $complete = 0; last FOLDER }
      $is_tree = 1 if $name eq '.git';
      $bare{$name} = 1 if $name =~ /^(?:HEAD|objects|refs)\z/;
      next if $SKIPPED{$name};
      my @facts = lstat "$WORKSPACE/$folder$name" or next;
      push @below, ["$folder$name/", $depth + 1] if -d _ && $facts[0] == $top[0];
    }
    my $is_bare = !$is_tree && keys %bare == 3;
    if ($is_tree || $is_bare) {
      if (@found + @linked >= $MOST_REPOSITORIES) { $complete = 0; last }
      push @{ $is_tree && -f "$WORKSPACE/$folder/.git" ? \@linked : \@found }, $folder;
    }
    push @waiting, @below if !$is_bare && $depth < $MOST_DEPTH;
  }
  return ([@found, @linked], $complete);
}

# What git says, up to a limit; undef when it fails.
sub git {
  my ($path, $drivers, @words) = @_;
  my %settings = (%SETTINGS, %$drivers);
  my $count = 0;
  local %ENV = %ENV;
  for my $name (sort keys %settings) {
    @ENV{ "GIT_CONFIG_KEY_$count", "GIT_CONFIG_VALUE_$count" } = ($name, $settings{$name});
    $count++;
  }
  $ENV{GIT_CONFIG_COUNT} = $count;
  # A repository must be right here, not somewhere above.
  $ENV{GIT_CEILING_DIRECTORIES} = "$WORKSPACE/$path" =~ s{/[^/]*/?\z}{}r;
  open my $out, '-|', 'git', '-C', "$WORKSPACE/$path", @words or return;
  my $text = '';
  while (length $text < $MOST_OUTPUT) { last if !sysread $out, $text, 65536, length $text }
  my $is_cut = length $text >= $MOST_OUTPUT;
  close $out;
  return $? == 0 || $is_cut ? $text : undef;
}

# Programs that files would go through on their way into the index: none.
sub without_drivers {
  my @keys = map { /^(filter\..*)\.[a-z]+\z/s ? $1 : () } @_;
  return { map { ("$_.clean" => '', "$_.smudge" => '', "$_.process" => '', "$_.required" => 'false') } @keys };
}

# Of one repository; nothing when all of it is elsewhere. What its working trees
# share is told once.
sub report {
  my ($path, $seen) = @_;
  my $shown = $path eq '' ? '.' : $path =~ s{/\z}{}r;
  my $common = git($path, {}, qw(rev-parse --path-format=absolute --git-common-dir));
  return tell_parent($shown, 0, 0, 0, 0, 0) if !defined $common;
  my $is_first = !$seen->{$common}++;
  my @settings = split /\0/, git($path, {}, qw(config --null --name-only --get-regexp), '^(remote|filter)\.') // '';
  my $remote = grep { /^remote\..*\.url\z/s } @settings;
  my $status = status($path, without_drivers(@settings));
  my $ahead = ahead($path, $is_first);
  my ($stashes, $changed, $untracked) = @{ $status // [0, 0, 0] };
  $stashes = 0 if !$is_first;
  my $read = $status && $ahead;
  return if $read && !@$ahead && !$stashes && !$changed && !$untracked;
  tell_parent($shown, $remote ? 1 : 0, $stashes, $changed, $untracked, $read ? 1 : 0, @{ $ahead // [] });
}

# [stashes, changed, untracked]; undef when git does not say.
sub status {
  my ($path, $drivers) = @_;
  my @options = qw(--porcelain=v2 -z --show-stash --no-renames --ignore-submodules=all --untracked-files=normal);
  my $text = git($path, $drivers, 'status', @options);
  # A bare repository has nothing that could be changed.
  return (git($path, {}, qw(rev-parse --is-bare-repository)) // '') eq "true\n" ? [0, 0, 0] : undef if !defined $text;
  my ($stashes, $changed, $untracked) = (0, 0, 0);
  for my $line (split /\0/, $text) {
    if ($line =~ /^# stash (\d+)/) { $stashes = $1 }
    elsif ($line =~ /^[12u] /) { $changed++ }
    elsif ($line =~ /^\? /) { $untracked++ }
  }
  return [$stashes, $changed, $untracked];
}

# ['BRANCH COMMITS', …], most commits first: what no branch of a remote has, as it
# was seen last; undef when git does not say. A commit counts for one branch.
sub ahead {
  my ($path, $is_first) = @_;
  my @which = $is_first ? qw(--branches HEAD --not --remotes) : qw(HEAD --not --branches --remotes);
  my @options = ("--max-count=$MOST_COMMITS", qw(--ignore-missing --no-show-signature --format=%S));
  my $text = git($path, {}, 'log', @options, @which);
  return if !defined $text;
  my %commits;
  $commits{ s{^refs/heads/}{}r }++ for split /\n/, $text;
  my @names = sort { $commits{$b} <=> $commits{$a} || $a cmp $b } keys %commits;
  splice @names, $MOST_BRANCHES if @names > $MOST_BRANCHES;
  return [map { "$_ $commits{$_}" } @names];
}

1;
