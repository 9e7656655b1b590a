# shellcheck shell=sh
# Asks and handles tailscaled, for the program `tailnet`; read by it, not run.
socket=/run/tailscale/tailscaled.sock
service=/run/s6/services/tailscaled
newline='
'

# fail CODE TEXT: printable, and without anything that looks like a key.
fail() {
  printf 'tailnet: %s\n' "$2" | words >&2
  exit "$1"
}

# words: somebody else's, from stdin to stdout.
words() {
  LC_ALL=C tr '\t' ' ' | LC_ALL=C tr -d '\000-\011\013-\037\177' |
    sed -E 's#(tskey|hskey)(-[a-z]+-)[A-Za-z0-9._~%&=?/+-]*#\1\2[secret]#g' | head -c 2000
}

# ask PATH: of tailscaled. What `tailscale status --json` asks, without starting
# that large program.
ask() {
  curl --disable --silent --fail --max-time 3 --noproxy '*' --unix-socket "$socket" \
    "http://local-tailscaled.sock/localapi/v0/$1"
}

# look: sets $node, the line of JSON that `status` prints, and $state and $id. In
# its first moments tailscaled has no word for its state.
look() {
  node=$(ask 'status?peers=false' | jq -ce '{
    state: (if .BackendState == "" then "NoState" else .BackendState end),
    id: (.Self.ID // ""),
    nodeKey: (.Self.PublicKey // ""),
    hostname: (.Self.HostName // ""),
    dnsName: (.Self.DNSName // ""),
    addresses: (.Self.TailscaleIPs // []),
    tags: (.Self.Tags // []),
    online: (.Self.Online // false)
  }') && [ -n "$node" ] || return 1
  # These two come first and have no quotes in them.
  state=${node#'{"state":"'}
  state=${state%%'"'*}
  id=${node#*'"id":"'}
  id=${id%%'"'*}
}

no_answer() { fail 4 'tailscaled does not answer (it may be turned off or failing: see its service)'; }

status() {
  look || no_answer
  printf '%s\n' "$node"
}

# status_alone: asked often, so it never waits for one that is at work; but what a
# killed one left goes as early as can be.
status_alone() {
  set -- /run/devbox/tailnet.*/
  if [ -d "$1" ] && exec 9>/run/devbox/tailnet.lock && flock -n 9; then erase_old; fi
  status
}

# settled: as look, and waits until tailscaled has made up its mind after a start.
settled() {
  look || no_answer
  tries=0
  while [ "$state" = NoState ] && [ "$tries" -lt 100 ]; do
    sleep 0.05
    tries=$((tries + 1))
    look || no_answer
  done
}

# stop_node, start_node: by the supervisor. What was asked for is no death that
# a start has to wait for.
stop_node() {
  s6-svc -wD -T 8000 -d "$service" 2>/dev/null 9>&- || return 1
  s6-svdt-clear "$service" 2>/dev/null
}

start_node() {
  s6-svc -u "$service" 2>/dev/null 9>&- || return 1
  tries=0
  until look 2>/dev/null; do
    [ "$tries" -lt 300 ] || return 1
    sleep 0.05
    tries=$((tries + 1))
  done
}

# alone: two at once would each set back what the other one does. Nothing that is
# started here has the lock, but for what dies with this process.
alone() {
  exec 9>/run/devbox/tailnet.lock || fail 1 'cannot make its lock in /run/devbox'
  flock -w 20 9 || fail 6 'another one is at work'
}

forget() {
  erase_old
  stop_node || fail 1 'tailscaled does not stop'
  find /var/lib/tailscale -mindepth 1 -maxdepth 1 ! -name .devbox -exec rm -rf -- {} + || fail 1 'cannot remove its state'
  forget_kept
  start_node || no_answer
  settled
  [ "$state" = NeedsLogin ] || fail 1 "tailscaled says $state without any state"
}

# logout: without an answer tailscaled is neither in nor out, and cannot be logged
# out any more: it is set back then, and may be asked again.
logout() {
  leftovers
  settled
  [ "$state,$id" != NeedsLogin, ] || return 0
  guard
  keep || fail 1 'cannot write to the private volume'
  timeout -k 2 "$seconds" tailscale --socket="$socket" logout >"$folder/said" 2>&1 </dev/null 9>&-
  code=$?
  look || no_answer
  if [ "$state" = NeedsLogin ]; then
    forget_kept
    return 0
  fi
  case $code in
    124 | 137) fail 7 "no answer from the control server within $seconds s; the node is logged in as before" ;;
    *) fail 7 "the node is logged in as before: $(cat -- "$folder/said")" ;;
  esac
}
