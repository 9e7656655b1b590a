# shellcheck shell=sh
# Sourced by test.sh and quickstart.sh, in the project's root: brings the npm packages and puts Node 24 first on PATH.

command -v npm >/dev/null 2>&1 || {
  echo "npm is missing; on Debian: apt-get install --no-install-recommends npm" >&2
  exit 1
}

if ! node scripts/lib/deps-current.mjs; then
  echo "installing the npm packages and Node 24 (about 30 s)" >&2
  # package.json's allowScripts names what may run at install time; npm before 11 runs them all and ignores it.
  if ! npm ci --no-audit --no-fund --loglevel=error >&2 </dev/null; then
    # npm ci gives up when a registry lacks a package of some other platform; npm install does without it.
    echo "npm ci gave up (see above), trying npm install (about 30 s)" >&2
    npm install --no-save --no-audit --no-fund --loglevel=error >&2 </dev/null
  fi
fi

PATH=$PWD/node_modules/.bin:$PATH
export PATH

case $(node --version) in
  v2[4-9].* | v[3-9][0-9].*) ;;
  *)
    echo "Node 24 is needed and the npm package 'node' did not bring it: delete node_modules and try again" >&2
    exit 1
    ;;
esac
