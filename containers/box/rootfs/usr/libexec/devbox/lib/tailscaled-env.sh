# shellcheck shell=sh
# The environment of a tailscaled in a box; read by what starts one.

# No logs to the vendor, and no asking of a router for an open port: the next
# hop of a box is its host, which is none.
TS_NO_LOGS_NO_SUPPORT=true
TS_DISABLE_PORTMAPPER=1
TS_DISABLE_UPNP=1
HOME=/root
# Where it looks for `login` and `su` for its SSH sessions; ours come first.
TAILSCALE_SSH_DEFAULT_PATH=/usr/libexec/devbox/tailscale-ssh:/usr/local/bin:/usr/bin:/bin:/usr/local/sbin:/usr/sbin:/sbin
export TS_NO_LOGS_NO_SUPPORT TS_DISABLE_PORTMAPPER TS_DISABLE_UPNP HOME TAILSCALE_SSH_DEFAULT_PATH

# export_lines FILE: KEY=VALUE lines, taken as they are; no shell evaluates them.
export_lines() {
  while IFS= read -r line || [ -n "$line" ]; do
    key=${line%%=*}
    case $line in
      '' | '#'*) continue ;;
      TS_DEBUG_REGISTER=*)
        printf 'TS_DEBUG_REGISTER was left out: it would write keys into this log\n'
        continue
        ;;
    esac
    case $line,$key in
      *=*,[!A-Za-z_]* | *=*,*[!A-Za-z0-9_]*) ;;
      *=*,?*)
        export "$key=${line#*=}"
        continue
        ;;
    esac
    printf 'a line of %s is not KEY=VALUE and was left out\n' "$1"
  done <"$1"
}
