# shellcheck shell=sh disable=SC2034 # variables that the one who sources it reads
# Sourced by `build` and `content-key`: the options that say which parts an image has.

without='' minimal=false zed_server='' zed_sha256='' zed_file=''

# Takes one of these options from the front of "$@"; `taken` says how many words it has, 0 when it is none of them.
part_option() {
  taken=2
  case $1 in
    --minimal)
      minimal=true taken=1
      return
      ;;
    --without | --zed-server | --zed-sha256 | --zed-name) [ $# -ge 2 ] || usage ;;
  esac
  case $1 in
    --without)
      is_optional "$2" || wrong "no part that can be left out: $2 (tools, runtimes, syncthing, tailscale, code-server)"
      without="$without $2"
      ;;
    --zed-server) zed_server=$2 ;;
    --zed-sha256) zed_sha256=$2 ;;
    --zed-name) zed_file=$2 ;;
    *) taken=0 ;;
  esac
}

wrong() {
  printf '%s: %s\n' "${0##*/}" "$1" >&2
  exit 2
}

# Checks what was given together, and sets `selected`, the parts in order. Without Zed's server its two variables are
# empty.
settle_parts() {
  with_zed=false
  if [ -n "$zed_server$zed_sha256$zed_file" ]; then
    with_zed=true
    [ -n "$zed_server" ] || wrong '--zed-sha256 and --zed-name belong to --zed-server'
    [ "$minimal" = false ] || wrong '--minimal has no Zed server'
    printf '%s\n' "$zed_sha256" | grep -Eqx '[0-9a-fA-F]{64}' ||
      wrong '--zed-server needs --zed-sha256 with the 64 hex digits of its SHA-256'
    zed_sha256=$(printf '%s\n' "$zed_sha256" | tr A-F a-f)
    case $zed_server in
      https://*) ;;
      *://*) wrong "--zed-server: a path or an https:// address, not $zed_server" ;;
      /*) ;;
      *) zed_server=$PWD/$zed_server ;;
    esac
    [ -n "$zed_file" ] || zed_file=$(zed_name "$zed_server")
    printf '%s\n' "$zed_file" | grep -Eqx 'zed-remote-server-[a-z]+-[0-9][0-9A-Za-z.+-]*' ||
      wrong "$zed_file is no name that Zed looks for (zed-remote-server-CHANNEL-VERSION); say it with --zed-name"
  fi
  [ "$minimal" = false ] || [ -z "$without" ] || wrong '--minimal leaves out everything already'
  selected=$(select_parts "$without" "$with_zed" "$minimal")
}
