#!/bin/sh
# The whole test run, from a bare clone: installs what is missing, then hands over to test.ts.
# Words after `npm test --` choose steps (unit, integration, lint …) or test files (integration/foo).
set -eu
cd "$(dirname "$0")/.."

# shellcheck source=scripts/lib/deps.sh
. scripts/lib/deps.sh

exec node scripts/test.ts "$@"
