# shellcheck shell=sh disable=SC2154 # `here`, the directory above this one, is set by the one who sources it
# Sourced by the scripts of this directory's parent and by the parts. Sets nothing but functions.

# The parts in the order in which the image lists them.
PARTS='base tools runtimes syncthing node tailscale code-server zed'

# Prints the parts that are wanted, in order, separated by blanks.
# $1: the parts to leave out, separated by blanks; $2: true when Zed's server is given; $3: true for the base alone
select_parts() {
  [ "$3" != true ] || { printf 'base\n'; return; }
  selected=
  for part in $PARTS; do
    case " $1 " in *" $part "*) continue ;; esac
    case $part in
      zed) $2 || continue ;;
      # Node is in for whoever needs it: code-server runs on it, and it is a runtime.
      node) case " $1 " in *' runtimes '*) case " $1 " in *' code-server '*) continue ;; esac ;; esac ;;
    esac
    selected="$selected$part "
  done
  printf '%s\n' "${selected% }"
}

# Can $1 be left out by name? The base cannot, Node follows those who need it, Zed is not there unless given.
is_optional() {
  case $1 in tools | runtimes | syncthing | tailscale | code-server) return 0 ;; *) return 1 ;; esac
}

# Prints the Debian packages of the parts $@, sorted, each once.
packages_of() {
  listed=$(
    for part in "$@"; do
      case $part in
        base) list=packages ;;
        tools) list=cli-tools ;;
        runtimes | syncthing | node | code-server) list=$part ;;
        *) continue ;;
      esac
      sed -e 's/#.*//' -e 's/[[:space:]]//g' -e '/^$/d' -- "$here/$list.txt" || exit 1
    done
  ) || return 1
  printf '%s\n' "$listed" | LC_ALL=C sort -u
}

# The name that Zed's server has in the image: $1, a path or URL, without directories, query and .gz.
zed_name() {
  name=${1%%[?#]*}
  name=${name##*/}
  printf '%s\n' "${name%.gz}"
}

# Packs directory $1 as archive $2, the same bytes for the same files. The directories of $3… are left out: the base
# has them, and an archive may not hold a name twice.
pack() {
  pack_root=$1 pack_output=$2
  shift 2
  (
    cd -- "$pack_root" || exit 1
    LC_ALL=C find . -mindepth 1 -print | LC_ALL=C sort >"$pack_root.names"
    for shared in "$@"; do printf './%s\n' "$shared"; done | LC_ALL=C sort >"$pack_root.shared"
    LC_ALL=C comm -23 "$pack_root.names" "$pack_root.shared" |
      tar --create --file="$pack_output" --format=gnu --no-recursion --files-from=- --owner=0 --group=0 \
        --numeric-owner --mode='u=rwX,go=rX' --mtime="@${SOURCE_DATE_EPOCH:-1735689600}"
  )
}
