# shellcheck shell=sh
# Logs the box's node in, for the program `tailnet`; read by it, not run.
#
# What `tailscale up` of 1.100 says (headscale 0.29.2 behind it), always with exit code 1:
#   refused      "backend error: " and the control server's words, at once: "invalid
#                pre auth key", "authkey expired", "authkey already used"
#   unreachable  after --timeout "timeout waiting for Tailscale service to enter
#                a Running state"; why is in the status, as "The last login error was: …"

# Nothing of a run stays: $folder has what was said, and of a trial its tailscaled.
folder=
child=
second=

# The key is in a file of /run that has no name, open here and in `up` alone: it
# is gone with them, however they end, and also where nothing can be started that
# would remove it.
key_file=/proc/self/fd/8

# erase_key: memory is given back as it was otherwise.
erase_key() {
  [ -f "$key_file" ] || return 0
  head -c "$(stat -L -c %s -- "$key_file")" /dev/zero 1<>"$key_file"
  exec 8>&-
}

# erase_old: of runs that were killed outright; under the lock.
erase_old() { rm -rf -- /run/devbox/tailnet.*/; }

# leftovers: all that such a run left.
leftovers() {
  erase_old
  [ -d "$kept" ] || return 0
  if registered_anew; then forget_kept; else back; fi
}

# back: as it was before.
back() {
  stop_node
  put_back || fail 1 'what tailscaled was before could not be put back; it is tried again at its next start'
  start_node || fail 4 'tailscaled was set back to what it was before, and does not answer since'
  settled
}

# clean: whatever happens.
clean() {
  trap '' INT TERM HUP
  if [ -n "$second" ]; then trial_ends; fi
  if [ -n "$child" ]; then
    kill "$child" 2>/dev/null
    wait "$child" 2>/dev/null
  fi
  erase_key
  if [ -n "$folder" ]; then rm -rf -- "$folder"; fi
  [ ! -d "$kept" ] || back
}

guard() {
  exec 8>&-
  folder=$(mktemp -d /run/devbox/tailnet.XXXXXXXX) || fail 1 'cannot make a directory in /run/devbox'
  trap clean EXIT
  trap 'exit 143' TERM
  trap 'exit 130' INT
  trap 'exit 129' HUP
}

# read_key: from stdin to $key_file. Sets $advertised to the option for `up` that
# an OAuth client's secret needs.
read_key() {
  if ! { command exec 8<>"$folder/key" && rm -f -- "$folder/key" && head -c 4097 >&8; }; then
    fail 1 'the key could not be written to /run/devbox'
  fi
  size=$(stat -L -c %s -- "$key_file")
  [ "$size" -gt 0 ] || fail 2 'there is no key on standard input'
  [ "$size" -le 4096 ] || fail 2 'what is on standard input is too long for a key'
  key='' more=''
  {
    IFS= read -r key
    IFS= read -r more
  } <"$key_file"
  case $key,$more in
    ,*) fail 2 'there is no key on standard input' ;;
    *,?*) fail 2 'a key is one line' ;;
  esac
  # Of the file, as not every shell sees all bytes.
  [ "$(LC_ALL=C tr -d '\012\041-\176' <"$key_file" | wc -c)" -eq 0 ] ||
    fail 2 'a key has no spaces and no control characters'
  advertised=
  case $key in
    tskey-client-*)
      advertised=--advertise-tags=$tags
      # A device that goes when the box goes, and that nobody has to approve.
      case $key in *'?'*) ;; *) printf '%s?ephemeral=true&preauthorized=true\n' "$key" >"$key_file" ;; esac
      ;;
  esac
  unset key more
}

# up OPTION...: `tailscale up` in the background, so that a signal is seen at
# once; it dies with this shell. --reset: an earlier login's settings do not count.
up() {
  setpriv --pdeathsig TERM timeout -k 2 "$((seconds + 10))" \
    tailscale --socket="$socket" up --reset --auth-key="file:$key_file" --timeout="${seconds}s" \
    --hostname="$hostname" ${server:+"--login-server=$server"} ${advertised:+"$advertised"} "$@" \
    >"$folder/said" 2>&1 </dev/null 9>&- &
  child=$!
  wait "$child"
  code=$?
  child=
  erase_key
  return "$code"
}

# explain: after a failed `up`, sets $code and $why.
explain() {
  said=$(cat -- "$folder/said")
  code=1 why=$said
  case $said in
    *'backend error: '*) code=5 why="the control server refuses: ${said##*backend error: }" ;;
    *'timeout waiting'* | '') late ;;
    # What it says when it changes the secret of an OAuth client for a key.
    *'oauth2: cannot fetch token: 40'[0-9]* | *'Status: 40'[0-9]*) code=5 ;;
    *'oauth2: cannot fetch token: '[45]* | *'Status: '[45]* | *'dial tcp'* | *'deadline exceeded'* | *'Timeout'*) code=7 ;;
  esac
}

late() {
  look || no_answer
  code=7
  last=$(ask 'status?peers=false' | jq -r '.Health[]? | capture("The last login error was: (?<last>.*)"; "m").last')
  case $state,$last in
    NeedsMachineAuth,*) code=5 why='the control server wants an administrator to approve this device' ;;
    *,) why="no answer from the control server within $seconds s" ;;
    *) why="no answer that counts from the control server within $seconds s: $last" ;;
  esac
}

# write_additions FILE: whole or not at all; no file without any.
write_additions() {
  if [ -z "$additions" ]; then
    rm -f -- "$1"
    return
  fi
  mkdir -p -m 0700 -- "${1%/*}" && printf %s "$additions" >"$1.new" && mv -T -- "$1.new" "$1"
}

# with_additions: tailscaled reads them at its start.
with_additions() {
  now=
  [ ! -f "$envfile" ] || now=$(cat -- "$envfile")$newline
  [ "$now" != "$additions" ] || return 0
  write_additions "$envfile" || fail 1 'cannot write to the private volume'
  stop_node || fail 1 'tailscaled does not stop'
  start_node || no_answer
}

login() {
  leftovers
  settled
  [ "$state" = NeedsLogin ] || fail 6 "the node is $state and not waiting for a login"
  register
}

renew() {
  leftovers
  settled
  [ -n "$id" ] || [ "$state" = Running ] || fail 6 "the node is $state and not registered"
  register --force-reauth
}

# register OPTION...
register() {
  guard
  read_key
  keep || fail 1 'cannot write to the private volume'
  with_additions
  if ! up --ssh "$@"; then
    explain
    # It may have got in when its time was up: not a device that nobody knows of.
    if [ $# = 0 ] && look && [ -n "$id" ]; then
      timeout -k 1 5 tailscale --socket="$socket" logout >/dev/null 2>&1 </dev/null 9>&-
    fi
    fail "$code" "$why"
  fi
  forget_kept
  status
}
