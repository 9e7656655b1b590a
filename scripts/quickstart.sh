#!/bin/sh
# From a bare clone to a running box: installs what is missing, builds, and shows the life of one box for real.
# --full: with the image that has everything, which takes minutes to build; otherwise with the minimal one.
set -eu
cd "$(dirname "$0")/.."

# shellcheck source=scripts/lib/deps.sh
. scripts/lib/deps.sh

case ${1:-} in
  '') settings=$(sh scripts/host-prepare.sh) ;;
  # The image with everything takes compilers, libraries and a Go.
  --full) settings=$(sh scripts/host-prepare.sh --image-tools && sh scripts/host-prepare.sh --tailnet-tools) ;;
  --tailnet) settings=$(sh scripts/host-prepare.sh --tailnet-tools) ;;
  *)
    echo "usage: quickstart [--full | --tailnet]   (npm run quickstart -- --full)" >&2
    exit 2
    ;;
esac
for setting in $settings; do
  export "${setting?}"
done

echo 'building devbox-ctl (a few seconds)'
node scripts/build.ts

exec node scripts/quickstart.ts "$@"
