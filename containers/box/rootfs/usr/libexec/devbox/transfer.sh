# shellcheck shell=sh
# What `send` and `receive` have in common; read by them, not run.
#
# They run as dev and can do nothing that dev cannot do in a shell; keeping to
# home is a rule about what a copy may reach, not a wall against dev.
# Exit codes of both:
#   0 done
#   1 another failure
#   2 wrong usage
#   3 outside /home/dev
#   4 no such file or directory
#   5 not permitted, or neither a file nor a directory
#   6 no space left
#   7 the target exists and is of another type
#   8 the input ended early, or is no tar stream
PATH=/usr/local/bin:/usr/bin:/bin
LC_ALL=C
export PATH LC_ALL
umask 022

home=/home/dev
newline='
'

# fail CODE MESSAGE: one line, whatever is in a name.
fail() {
  printf '%s: ' "${0##*/}" >&2
  printf '%s' "$2" | tr '\000-\037\177' '?' >&2
  printf '\n' >&2
  exit "$1"
}

# fail_as TEXT WHAT: takes the exit code from the words of the tool that failed.
fail_as() {
  case $1 in
    *'No space left'* | *'quota exceeded'* | *'Wrote only'*) fail 6 "$2: no space left" ;;
    *'ermission denied'* | *'not permitted'* | *'ead-only file system'*) fail 5 "$2: not permitted" ;;
    *'No such file'*) fail 4 "$2: no such file or directory" ;;
    *'Is a directory'* | *'ot a directory'* | *'File exists'* | *'with directory'* | *'with non-directory'*)
      fail 7 "$2: exists and is of another type"
      ;;
    *'nexpected EOF'* | *'not look like a tar archive'*) fail 8 "$2: the input ended early, or is no tar stream" ;;
    *) fail 1 "$2: ${1%%"$newline"*}" ;;
  esac
}

# resolve PATH: sets $resolved to the absolute path without links and dots (of
# the part that exists). A relative PATH starts at home.
resolve() {
  case $1 in
    '') fail 2 'an empty path' ;;
    /*) resolved=$1 ;;
    *) resolved=$home/$1 ;;
  esac
  # The x keeps newlines at the end of a name.
  resolved=$(realpath -m -- "$resolved" 2>/dev/null && printf x) || fail 4 "$1: cannot be resolved"
  resolved=${resolved%"$newline"x}
  case $resolved in
    "$home" | "$home"/*) ;;
    *) fail 3 "$1: outside $home" ;;
  esac
}

# kind_of PATH: sets $kind to file, directory, other or none; fails where that
# may not be known.
kind_of() {
  kind=$(stat -L -c %F -- "$1" 2>&1) || case $kind in
    *'No such file'*) kind=none ;;
    *) fail_as "$kind" "$1" ;;
  esac
  case $kind in
    none | directory) ;;
    regular*) kind='file' ;;
    *) kind=other ;;
  esac
}
