#!/bin/sh
# Prepares this machine to run boxes: installs what is missing and finds out which Podman settings it needs.
#
#   host-prepare.sh [--test-tools]                what `quickstart` and `npm test` call
#   host-prepare.sh --image-tools                 also what building the whole image takes: compilers, libraries, Go
#   host-prepare.sh --tailnet-tools               also what a tailnet of one's own takes (tailnet dev): Go, ssh
#   host-prepare.sh --rootless-user NAME          a throw-away user (NAME starts with dbxtest) who can run Podman
#   host-prepare.sh --remove-rootless-user NAME   takes that user away again, with everything they ran and stored
#
# Standard output is for machines: NAME=value lines to export, nothing when the machine needs nothing.
# Messages go to standard error. The machine's own /etc/containers is never touched: the settings go to
# $XDG_CACHE_HOME/devbox-ctl/host/containers.conf, which CONTAINERS_CONF names.
set -eu

PATH=$PATH:/usr/local/sbin:/usr/sbin:/sbin
export PATH

# Raise it when the probe below learns something new: it makes earlier answers stale.
PROBE_VERSION=1
# 16 mappings of 65536 ids for box owners, and one for the user's own default mapping.
SUBID_COUNT=1114112

say() { printf '%s\n' "$*" >&2; }
die() { say "host-prepare: $*"; exit 1; }

as_root() {
  if [ "$(id -u)" -eq 0 ]; then "$@"
  elif command -v sudo >/dev/null 2>&1; then sudo "$@"
  else die "this step needs root and there is no sudo: $*"
  fi
}

# ---------------------------------------------------------------- packages

installed() { [ "$(dpkg-query -W -f '${db:Status-Status}' "$1" 2>/dev/null)" = installed ]; }

missing_packages() {
  for package in "$@"; do installed "$package" || printf '%s ' "$package"; done
}

# What the parts tailscale and code-server of the image are made with (containers/box/debian/parts).
IMAGE_TOOLS='ca-certificates curl python3 make g++ pkg-config binutils libkrb5-dev'

# What headscale and a client are made with (containers/headscale/build), and the client's ssh.
TAILNET_TOOLS='ca-certificates openssh-client'

install_packages() { # $1: with test tools or not; $2: with image tools or not; $3: with tailnet tools or not
  wanted='podman crun runc netavark aardvark-dns slirp4netns fuse-overlayfs uidmap catatonit iptables nftables mmdebstrap'
  [ "$1" = no ] || wanted="$wanted tmux shellcheck zsh fish syncthing chromium openssh-client"
  if [ "$2" = yes ]; then
    wanted="$wanted $IMAGE_TOOLS"
    command -v npm >/dev/null 2>&1 || wanted="$wanted npm"
  fi
  [ "$3" = no ] || wanted="$wanted $TAILNET_TOOLS"
  # Any Go will do: one that is too old fetches the right one.
  [ "$2$3" = nono ] || command -v go >/dev/null 2>&1 || wanted="$wanted golang-go"
  [ ! -d /run/systemd/system ] || wanted="$wanted dbus-user-session"
  if ! command -v apt-get >/dev/null 2>&1; then
    for command in podman newuidmap mmdebstrap; do
      command -v "$command" >/dev/null 2>&1 || say "host-prepare: $command is missing; without apt, install it yourself"
    done
    if [ "$2" = yes ]; then say "host-prepare: install what these Debian packages bring: $IMAGE_TOOLS golang-go npm"; fi
    if [ "$3" = yes ]; then say "host-prepare: install what these Debian packages bring: $TAILNET_TOOLS golang-go"; fi
    command -v podman >/dev/null 2>&1 || exit 1
    return 0
  fi
  # shellcheck disable=SC2086 # a list of words
  missing=$(missing_packages $wanted)
  [ -n "$missing" ] || return 0
  # Two lanes of tests may ask at once, and two apt-get update do not wait for each other.
  mkdir -p "${XDG_CACHE_HOME:-$HOME/.cache}/devbox-ctl/host"
  exec 8>"${XDG_CACHE_HOME:-$HOME/.cache}/devbox-ctl/host/apt.lock"
  flock 8
  # shellcheck disable=SC2086 # a list of words
  missing=$(missing_packages $wanted)
  [ -n "$missing" ] || { exec 8>&-; return 0; }
  say "installing by apt (about a minute): $missing"
  apt_log=$(mktemp)
  apt_get update
  # Podman 5 takes pasta for rootless networking; Podman 4 does not know it.
  candidate=$(apt-cache policy podman | sed -n 's/^ *Candidate: *//p')
  case $candidate in
    [0-4].* | '(none)' | '') ;;
    *) installed passt || missing="$missing passt" ;;
  esac
  # shellcheck disable=SC2086 # a list of words
  apt_get install -y --no-install-recommends $missing
  rm -f "$apt_log"
  exec 8>&-
}

apt_get() {
  if ! as_root env DEBIAN_FRONTEND=noninteractive apt-get -qq -o Acquire::Retries=3 -o DPkg::Lock::Timeout=300 \
    "$@" >"$apt_log" 2>&1 </dev/null 8>&-; then
    tail -n 20 "$apt_log" >&2
    die "apt-get $1 failed; its log is $apt_log"
  fi
}

# ---------------------------------------------------------------- the probe: which settings does Podman need here?

# The lock must not leak into conmon or the pause process, which outlive this script.
pod() { timeout 120 podman "$@" 9>&- </dev/null; }

# A whole container run, without an image: catatonit is one static binary.
make_probe_root() {
  probe_root=$dir/probe-root.$$
  for catatonit in /usr/libexec/podman/catatonit /usr/bin/catatonit /usr/libexec/catatonit/catatonit; do
    [ -x "$catatonit" ] || continue
    mkdir -p "$probe_root/proc" "$probe_root/sys" "$probe_root/dev" "$probe_root/etc" "$probe_root/run" "$probe_root/tmp"
    cp "$catatonit" "$probe_root/probe"
    return 0
  done
  return 1
}

run_probe() { # answers in $error
  error=$(pod run --rm --name "dbxtest-probe-$$" --log-driver none "$@" --rootfs "$probe_root" /probe -V 2>&1 >/dev/null) && error=''
  [ -z "$error" ]
}

at_most() { # $1: the hard limit (a number or "unlimited"), $2: the most we want
  case $1 in
    unlimited) echo "$2" ;;
    *) if [ "$1" -lt "$2" ]; then echo "$1"; else echo "$2"; fi ;;
  esac
}

hard_limit() { awk -v name="$1" 'index($0, name) == 1 { print $(NF - 1) }' /proc/self/limits; }

write_conf() {
  {
    echo "$stamp"
    echo '# Written by host-prepare.sh from what it found on this machine. Delete it to probe again.'
    if [ -n "$ulimits" ]; then printf '\n[containers]\n# no CAP_SYS_RESOURCE here: limits can only go down\ndefault_ulimits = [%s]\n' "$ulimits"; fi
    if [ -n "$runtime$cgroup_manager$events" ]; then printf '\n[engine]\n'; fi
    if [ -n "$runtime" ]; then printf '# hybrid cgroups, which crun refuses\nruntime = "%s"\n' "$runtime"; fi
    if [ -n "$cgroup_manager" ]; then printf 'cgroup_manager = "%s"\n' "$cgroup_manager"; fi
    if [ -n "$events" ]; then printf '# no journal to write to\nevents_logger = "%s"\n' "$events"; fi
    if [ -n "$backend" ]; then printf '\n[network]\nnetwork_backend = "%s"\n' "$backend"; fi
  } >"$conf.$$"
  mv "$conf.$$" "$conf"
}

# Reads Podman's own error and adds the one setting it asks for; fails when it has no answer.
learn() {
  case $error in
    *'hybrid mode'*)
      [ -z "$runtime" ] || return 1
      runtime=runc cgroup_manager=cgroupfs ;;
    *[Rr][Ll][Ii][Mm][Ii][Tt]*)
      case $ulimits in
        '')
          files=$(at_most "$(hard_limit 'Max open files')" 1048576)
          processes=$(at_most "$(hard_limit 'Max processes')" 16384)
          ulimits="\"nofile=$files:$files\", \"nproc=$processes:$processes\"" ;;
        *4096*) return 1 ;;
        *) ulimits='"nofile=4096:4096", "nproc=4096:4096"' ;;
      esac ;;
    *systemd* | *dbus* | *sd-bus*)
      [ -z "$cgroup_manager" ] || return 1
      cgroup_manager=cgroupfs ;;
    *) return 1 ;;
  esac
}

# A container needs the tun device for slirp4netns or pasta. 0666 is what udev gives it wherever udev runs.
open_tun() {
  [ "$(id -u)" -ne 0 ] || return 0
  [ -c /dev/net/tun ] || return 0
  # shellcheck disable=SC2217 # opening it is the question
  if ! : 2>/dev/null <>/dev/net/tun; then
    say 'opening /dev/net/tun to all users (mode 0666, as udev does), for rootless networking'
    as_root chmod 0666 /dev/net/tun
  fi
}

probe() {
  dir=${XDG_CACHE_HOME:-$HOME/.cache}/devbox-ctl/host
  conf=$dir/containers.conf
  mkdir -p "$dir"
  exec 9>"$dir/lock"
  flock 9

  # Somebody who chose their own file keeps it, if it works.
  own=${CONTAINERS_CONF:-}
  [ "$own" != "$conf" ] || own=''
  unset CONTAINERS_CONF
  stamp="# probe $PROBE_VERSION, podman $(pod --version | awk '{ print $NF }'), boot $(cat /proc/sys/kernel/random/boot_id)"
  if [ -z "$own" ]; then
    if [ "$(head -n 1 "$conf" 2>/dev/null)" = "$stamp" ]; then echo "CONTAINERS_CONF=$conf"; return; fi
    if [ "$(cat "$dir/healthy" 2>/dev/null)" = "$stamp" ]; then return; fi
  fi

  open_tun
  make_probe_root || { say 'host-prepare: no catatonit to probe with, Podman is taken as it is'; return; }
  trap 'rm -rf "$probe_root"' EXIT
  trap 'exit 130' INT TERM
  if [ -n "$own" ]; then
    export CONTAINERS_CONF="$own"
    if run_probe; then echo "CONTAINERS_CONF=$own"; return; fi
    say "host-prepare: Podman does not run with CONTAINERS_CONF=$own, looking for settings that work"
    unset CONTAINERS_CONF
  fi

  runtime='' cgroup_manager='' ulimits='' backend='' events=''
  # Podman 4 falls back to CNI when netavark is not named and old networks or images exist.
  [ "$(pod info --format '{{.Host.NetworkBackend}}' 2>/dev/null)" != cni ] || backend=netavark
  if [ "$(pod info --format '{{.Host.EventLogger}}' 2>/dev/null)" = journald ] && [ ! -S /run/systemd/journal/socket ]; then
    events='file'
  fi
  rounds=0
  while :; do
    if [ -n "$runtime$cgroup_manager$ulimits$backend$events" ]; then
      write_conf
      export CONTAINERS_CONF="$conf"
    else
      rm -f "$conf"
    fi
    if run_probe; then break; fi
    rounds=$((rounds + 1))
    if [ "$rounds" -gt 6 ] || ! learn; then
      rm -f "$conf"
      if run_probe --network none; then say 'host-prepare: containers run here, but not with a network'; fi
      die "Podman cannot run a container on this machine: $error"
    fi
  done
  if [ -n "${CONTAINERS_CONF:-}" ]; then
    rm -f "$dir/healthy"
    say "this machine needs its own Podman settings: $conf"
    echo "CONTAINERS_CONF=$conf"
  else
    echo "$stamp" >"$dir/healthy"
  fi
}

# ---------------------------------------------------------------- the user of the rootless tests

check_test_user() {
  case $1 in
    *[!a-z0-9-]* | '') die "not a name for a test user: $1" ;;
    dbxtest*) ;;
    *) die "test users are called dbxtest…, not $1" ;;
  esac
  [ "${#1}" -le 24 ] || die "too long a name for a test user: $1"
}

user_environment() { # prints words for env(1); no word of it has a space
  printf '%s ' PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin LANG=C.UTF-8 \
    "USER=$1" "LOGNAME=$1" "HOME=$home" "XDG_RUNTIME_DIR=/run/user/$uid"
  [ ! -S "/run/user/$uid/bus" ] || printf '%s ' "DBUS_SESSION_BUS_ADDRESS=unix:path=/run/user/$uid/bus"
}

as_user() { # $1: the user, then the command
  user=$1
  shift
  # shellcheck disable=SC2046 # a list of words
  (cd / && runuser -u "$user" -- env -i $(user_environment "$user") "$@")
}

make_runtime_dir() {
  if [ -d /run/systemd/system ]; then
    loginctl enable-linger "$1"
    tries=0
    until [ -S "/run/user/$uid/bus" ] || [ "$tries" -ge 50 ]; do sleep 0.2; tries=$((tries + 1)); done
  else
    mkdir -p /run/user
    install -d -m 0700 -o "$1" -g "$1" "/run/user/$uid"
  fi
}

# Before Podman's first call: it writes the driver into its database for good.
choose_storage_driver() {
  [ ! -e "$home/.config/containers/storage.conf" ] || return 0
  # shellcheck disable=SC2016 # the inner shell expands these
  if as_user "$1" unshare -Urm sh -c 'd=$(mktemp -d "$HOME/overlay.XXXXXX") && mkdir "$d/l" "$d/u" "$d/w" "$d/m" &&
      mount -t overlay overlay -o "lowerdir=$d/l,upperdir=$d/u,workdir=$d/w,userxattr" "$d/m"' 2>/dev/null; then
    driver=overlay
  elif as_user "$1" sh -c ': <>/dev/fuse' 2>/dev/null && command -v fuse-overlayfs >/dev/null; then
    driver=overlay
  else
    driver=vfs
    say 'no overlay mounts for users here: the rootless tests copy whole images (driver vfs) and are slower'
  fi
  rm -rf "$home"/overlay.??????
  as_user "$1" mkdir -p "$home/.config/containers"
  printf '[storage]\ndriver = "%s"\n' "$driver" >"$home/.config/containers/storage.conf"
  chown "$1:" "$home/.config/containers/storage.conf"
}

add_rootless_user() {
  check_test_user "$1"
  if ! id -u "$1" >/dev/null 2>&1; then
    say "creating the test user $1"
    useradd --create-home --shell /bin/bash -K "SUB_UID_COUNT=$SUBID_COUNT" -K "SUB_GID_COUNT=$SUBID_COUNT" "$1"
  fi
  uid=$(id -u "$1")
  home=$(getent passwd "$1" | cut -d: -f6)
  for kind in uid gid; do
    grep -q "^$1:" "/etc/sub$kind" 2>/dev/null || die "useradd gave $1 no range in /etc/sub$kind"
  done
  make_runtime_dir "$1"
  # shellcheck disable=SC2217 # opening it is the question
  if [ -c /dev/net/tun ] && ! as_user "$1" sh -c ': <>/dev/net/tun' 2>/dev/null; then
    say 'opening /dev/net/tun to all users (mode 0666, as udev does), for rootless networking'
    chmod 0666 /dev/net/tun
  fi
  choose_storage_driver "$1"
  printf 'ROOTLESS_USER=%s\nROOTLESS_UID=%s\nROOTLESS_HOME=%s\nROOTLESS_RUNTIME_DIR=/run/user/%s\n' "$1" "$uid" "$home" "$uid"
  as_user "$1" sh -s -- --probe <"$0" | sed 's/^/ROOTLESS_/'
}

# The container of root's in which a process runs, if any: whole hosts of tests have users with the same ids.
container_of() {
  sed -n 's,^[^:]*:[^:]*:/\(libpod_parent\|machine\.slice\)/\(libpod-[0-9a-f]*\).*,\2,p' "/proc/$1/cgroup" 2>/dev/null | head -n 1
}

# Its containers' processes run under its subordinate ids, not under its own.
kill_processes_of() {
  ours=$(container_of $$)
  ranges=$(awk -F: -v user="$1" -v uid="$uid" 'BEGIN { print uid, uid } $1 == user { print $2, $2 + $3 - 1 }' /etc/subuid)
  ps -e -o uid=,pid= | while read -r owner pid; do
    if echo "$ranges" | awk -v o="$owner" '$1 <= o && o <= $2 { found = 1 } END { exit !found }' &&
      [ "$(container_of "$pid")" = "$ours" ]; then
      kill -KILL "$pid" 2>/dev/null || :
    fi
  done
}

remove_rootless_user() {
  check_test_user "$1"
  uid=$(id -u "$1" 2>/dev/null) || return 0
  home=$(getent passwd "$1" | cut -d: -f6)
  as_user "$1" timeout 60 podman rm --all --force --time 0 >/dev/null 2>&1 </dev/null || :
  if [ -d /run/systemd/system ]; then
    loginctl disable-linger "$1" || :
    loginctl terminate-user "$1" || :
  fi
  tries=0
  while id -u "$1" >/dev/null 2>&1; do
    kill_processes_of "$1"
    [ "$tries" -lt 25 ] || die "cannot remove the test user $1: $(userdel "$1" 2>&1)"
    userdel "$1" 2>/dev/null || sleep 0.2
    tries=$((tries + 1))
  done
  case $home in /home/dbxtest*) rm -rf "$home" ;; *) say "left in place: $home" ;; esac
  rm -rf "/run/user/$uid"
}

# ---------------------------------------------------------------- what is asked for

need_root() { [ "$(id -u)" -eq 0 ] || die 'a test user can only be made and removed by root'; }

case ${1:-} in
  '') install_packages no no no; probe ;;
  --test-tools) install_packages yes no no; probe ;;
  --image-tools) install_packages no yes no; probe ;;
  --tailnet-tools) install_packages no no yes; probe ;;
  --probe) probe ;;
  --rootless-user) need_root; add_rootless_user "${2:-}" ;;
  --remove-rootless-user) need_root; remove_rootless_user "${2:-}" ;;
  *) die "unknown option: $1" ;;
esac
