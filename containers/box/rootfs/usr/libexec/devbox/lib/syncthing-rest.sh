# Talking to Syncthing's REST interface; read by /usr/libexec/devbox/syncthing.
# shellcheck shell=sh

base=http://127.0.0.1:8384
config=/home/dev/.config/syncthing/config.xml

# fail CODE TEXT: one printable line on stderr.
fail() {
  printf 'syncthing: %s\n' "$(printf %s "$2" | LC_ALL=C tr '\000-\037\177' ' ' | cut -c 1-400)" >&2
  exit "$1"
}

# find_key: sets $key, the key of the REST interface; fails when there is none yet.
find_key() {
  key=
  if [ ! -f "$config" ] || [ ! -r "$config" ]; then return 1; fi
  key=$(sed -n 's/.*<apikey>\([A-Za-z0-9_-]*\)<\/apikey>.*/\1/p' "$config" | head -n 1)
  [ -n "$key" ]
}

need_key() { find_key || fail 4 'it was never turned on here, or its configuration cannot be read'; }

# curl_rest ARGUMENT...: curl with the key, which no process list shows, and
# with further lines of configuration on stdin.
curl_rest() {
  { printf 'header = "X-API-Key: %s"\n' "$key" && cat; } |
    curl -q --silent --show-error --noproxy '*' --max-time 10 --config - "$@"
}

# again METHOD CODE: whether what ended with this code of curl may be tried once
# more. The interface starts anew when its own settings were changed: for a
# moment nobody listens (7), or a connection ends without an answer (52, 56).
tries=0
again() {
  case $1,$2 in
    *,7 | GET,52 | GET,56) ;;
    *) return 1 ;;
  esac
  tries=$((tries + 1))
  [ "$tries" -le 20 ] && sleep 0.1
}

# call METHOD PATH: sends stdin, where there is any, as the body; prints the
# answer. Ends the program when Syncthing does not answer (4) or refuses (5).
call() {
  # A JSON string is what curl's configuration takes as a quoted value.
  body=$(jq -rRs 'if . == "" then empty else "data-raw = " + tojson end')
  while :; do
    answer=$(printf '%s\n' "$body" | curl_rest --fail-with-body --request "$1" "$base$2" 2>&1)
    code=$?
    again "$1" "$code" || break
  done
  case $code in
    0) printf '%s\n' "$answer" ;;
    22) fail 5 "$1 $2: $answer" ;;
    *) fail 4 "it does not answer: $answer" ;;
  esac
}

# gather: the answers to the paths on stdin, as one JSON array; null for what
# was not answered. Ends the program when Syncthing does not answer at all (4).
gather() {
  urls=$(sed "s|.*|url = \"$base&\"|")
  while :; do
    # No byte of an answer is the separator: JSON escapes control characters.
    answers=$(printf '%s\n' "$urls" | curl_rest --fail --write-out "$(printf '\036')" 2>/dev/null)
    code=$?
    again GET "$code" || break
  done
  case $code in
    0 | 22) ;;
    *) fail 4 'it does not answer' ;;
  esac
  printf %s "$answers" | jq -cRs 'split("\u001e")[:-1] | map(fromjson? // null)'
}

# healthy: whether it is this Syncthing that answers. (/rest/noauth/health, which
# needs no key, is not in versions before 1.22.)
healthy() {
  find_key && [ "$(curl_rest --fail "$base/rest/system/ping" </dev/null 2>/dev/null)" = '{
  "ping": "pong"
}' ]
}

# wait_healthy SECONDS: until Syncthing answers.
wait_healthy() {
  read -r now _ </proc/uptime
  end=$((${now%.*} + $1))
  until healthy; do
    read -r now _ </proc/uptime
    [ "${now%.*}" -lt "$end" ] || fail 4 'it does not answer; is the service on?'
    sleep 0.1
  done
}

# device_id TEXT: sets $device to the id in its full form, checked by Syncthing.
device_id() {
  case $1 in '' | *[!A-Za-z0-9-]* | ????????????????????????????????????????????????????????????????????????*) usage ;; esac
  answer=$(call GET "/rest/svc/deviceid?id=$1" </dev/null) || exit $?
  device=$(printf %s "$answer" | jq -r '.id // empty')
  [ -n "$device" ] || fail 2 "no device id: $(printf %s "$answer" | jq -r '.error // "unknown"')"
}
