#!/bin/sh
# From a bare clone to a running box: installs what is missing, builds, and shows the life of one box for real.
set -eu
cd "$(dirname "$0")/.."

# shellcheck source=scripts/lib/deps.sh
. scripts/lib/deps.sh

settings=$(sh scripts/host-prepare.sh)
for setting in $settings; do
  export "${setting?}"
done

echo 'building devbox-ctl (a few seconds)'
node scripts/build.ts

exec node scripts/quickstart.ts "$@"
