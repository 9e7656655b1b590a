# shellcheck shell=sh
# What tailscaled was before a login: kept until the login has ended, and put
# back when it did not end well. Read by the program `tailnet` and by tailscaled's
# own start, as either of them may be the next to run after a kill.
#
# Below $kept: tailscaled.state, and env (its additional environment variables);
# a file that is missing was not there.
statefile=/var/lib/tailscale/tailscaled.state
envfile=/var/lib/tailscale/.devbox/env/tailscaled
kept=/var/lib/tailscale/.devbox/before

# keep: whole or not at all.
keep() {
  rm -rf -- "$kept" "$kept.new"
  mkdir -p -m 0700 -- "${kept%/*}" && mkdir -- "$kept.new" || return 1
  [ ! -f "$statefile" ] || cp -p -- "$statefile" "$kept.new/tailscaled.state" || return 1
  [ ! -f "$envfile" ] || cp -p -- "$envfile" "$kept.new/env" || return 1
  mv -T -- "$kept.new" "$kept"
}

# forget_kept: what is now holds.
forget_kept() { rm -rf -- "$kept" "$kept.new"; }

# node_key FILE: prints the private key of the node that a state of tailscaled
# has registered; nothing without one.
node_key() {
  jq -r '.[.["_current-profile"] // "" | @base64d] // "" | @base64d | fromjson? | .Config.PrivateNodeKey // ""' \
    "$1" 2>/dev/null
}

# registered_anew: tailscaled writes a new key down when the control server has
# taken it, and the old one is worth nothing from then on.
registered_anew() {
  new=$(node_key "$statefile")
  case $new in '' | privkey:0000000000000000*) return 1 ;; esac
  [ "$new" != "$(node_key "$kept/tailscaled.state")" ]
}

# restore FILE FROM: also the absence of FROM.
restore() {
  if [ -f "$2" ]; then
    cp -p -- "$2" "$1.new" && mv -T -- "$1.new" "$1"
  else
    rm -f -- "$1"
  fi
}

# put_back: while tailscaled does not run. A second time is as good as the first.
put_back() {
  restore "$statefile" "$kept/tailscaled.state" && restore "$envfile" "$kept/env" && forget_kept
}

# settle: what a killed login left, while tailscaled does not run.
settle() {
  [ -d "$kept" ] || return 0
  if registered_anew; then forget_kept; else put_back; fi
}
