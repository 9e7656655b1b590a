# shellcheck shell=sh
# Proves a key without touching the box's node, for the program `tailnet`; read
# by it, not run. A tailscaled whose state is in memory alone logs out by itself
# when it is asked to end, and is asked to as soon as this shell is gone. A device
# that the server was just making then is left to it: an ephemeral one does not
# stay.

# trial_ends: clean's part for a trial. What is being registered cannot be logged
# out yet: it gets some seconds.
trial_ends() {
  tries=0
  while [ -n "$child" ] && kill -0 "$child" 2>/dev/null && [ "$tries" -lt 60 ]; do
    sleep 0.05
    tries=$((tries + 1))
  done
  timeout -k 1 5 tailscale --socket="$socket" logout >/dev/null 2>&1 </dev/null 9>&-
  kill "$second" 2>/dev/null
  tries=0
  while kill -0 "$second" 2>/dev/null && [ "$tries" -lt 60 ]; do
    sleep 0.05
    tries=$((tries + 1))
  done
  kill -KILL "$second" 2>/dev/null
  wait "$second" 2>/dev/null
  second=
}

trial() {
  guard
  read_key
  socket=$folder/socket
  printf %s "$additions" >"$folder/env"
  (
    # shellcheck source=containers/box/rootfs/usr/libexec/devbox/lib/tailscaled-env.sh
    . "$lib/tailscaled-env.sh"
    export_lines "$folder/env"
    exec setpriv --pdeathsig TERM tailscaled --tun=userspace-networking --state=mem: --statedir="$folder/state" \
      --socket="$socket" --port=0 --no-logs-no-support >"$folder/log" 2>&1 </dev/null 8>&- 9>&-
  ) &
  second=$!
  tries=0
  until look 2>/dev/null; do
    [ "$tries" -lt 200 ] || fail 4 'a second tailscaled does not answer'
    sleep 0.05
    tries=$((tries + 1))
  done
  settled
  if ! up; then
    explain
    fail "$code" "$why"
  fi
  status
}
