# shellcheck shell=sh
# shellcheck disable=SC3045 # all shells that are anybody's sh have these limits
# shellcheck disable=SC2034,SC2154 # devbox-ctl has read account, uid, program … from the boundary file, and reads json
# Sourced by devbox-ctl in a process of the service account: whatever the caller brought along (environment, directory,
# limits) is put away before Node starts, and one of the caller's places is taken.
cd / || exit
umask 077
PATH=${path:-/run/wrappers/bin:/run/current-system/sw/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin}
export PATH

# Who asks, for the places alone: who may do what is judged in Node. Root and the account itself need none.
who='' words="$* " json=no
if [ -n "${SUDO_UID-}" ]; then
  case $SUDO_UID in
    0 | "$uid") ;;
    *) who=${SUDO_USER-} ;;
  esac
  case $who in .* | *[!A-Za-z0-9._-]*) who=uid-$SUDO_UID ;; esac
  ! wants_json "$@" || json=yes
elif [ "${1-} ${3-}" = '--as gate' ]; then
  who=$2 words="${SSH_ORIGINAL_COMMAND-} "
  case $who in '' | .* | *[!A-Za-z0-9._-]*) who=nobody ;; esac
  case " ${words%% -- *} " in *' --json '*) json=yes ;; esac
fi
case $words in transfer\ *) json=transfer ;; esac

# sudo passes the caller's limits on. Soft ones are lifted; a hard one would break work in the middle.
low=''
ulimit -S -f unlimited 2>/dev/null || low='file sizes (ulimit -f)'
ulimit -S -t unlimited 2>/dev/null || low='processor time (ulimit -t)'
ulimit -S -v unlimited 2>/dev/null || low='address space (ulimit -v)'
ulimit -S -d unlimited 2>/dev/null || low='data (ulimit -d)'
ulimit -S -s 8192 2>/dev/null || low='the stack (ulimit -s)'
ulimit -S -n 65536 2>/dev/null || ulimit -S -n 4096 2>/dev/null || ulimit -S -n 256 2>/dev/null || low='open files (ulimit -n)'
# bash calls it u, dash p.
ulimit -S -u unlimited 2>/dev/null || ulimit -S -p unlimited 2>/dev/null || :
[ -z "$low" ] || fail 10 HOST_LIMITS "this shell limits $low too much; nothing was done." \
  "Work on a box would break in the middle of a step." "Run it from a new login, without such a limit"

# A user's work has a number of places, one file each, and a process holds one by a lock on descriptor 9. The kernel
# takes the lock back when the process ends, however it ends; Node does not pass the descriptor on to what it starts.
take_place() {
  places=/run/user/$uid/devbox/places/$who
  [ -d "$places" ] || mkdir -p -- "$places" || exit
  tried=0
  while [ "$tried" -lt "$2" ]; do
    exec 9>>"$places/$1$((($$ + tried) % $2))"
    ! flock -n 9 || return 0
    tried=$((tried + 1))
  done
  flock -w 5 9 || fail 75 BUSY "you have too much at work here at once." \
    "At most $2 $3 of one user run at the same time, and none ended within 5 s." "Run it again in a moment"
}

if [ -n "$who" ]; then
  case $words in
    ssh\ * | exec\ * | hold\ *--while\ * | logs\ * | port-forward\ * | open\ * | cp\ * | transfer\ *) take_place session "$sessions" sessions ;;
    *) take_place command "$commands" commands ;;
  esac
fi

HOME=$home USER=$account LOGNAME=$account
XDG_RUNTIME_DIR=/run/user/$uid
DBUS_SESSION_BUS_ADDRESS=unix:path=$XDG_RUNTIME_DIR/bus
unset key euid word low json places tried path
if [ -z "${SUDO_UID-}" ] && [ "${1-} ${3-}" != '--as gate' ]; then
  # The account's own units and administrators: they bring credentials in the environment, which no argument may hold.
  export HOME USER LOGNAME XDG_RUNTIME_DIR DBUS_SESSION_BUS_ADDRESS
  unset INVOCATION_ID DEVBOX_CONFIG NODE_OPTIONS NODE_PATH XDG_CONFIG_HOME XDG_STATE_HOME XDG_CACHE_HOME XDG_DATA_HOME
  return
fi
node=${program%/*}/../node_modules/node/bin/node
[ -x "$node" ] || node=node
ulimit -S -c 0
# sudo leaves the process in its caller's control group, and who owns that one can freeze it: in the middle of a change
# to the ledger that would stop everybody. So it moves to the account's own first. Its words stay out of the journal.
scope=''
if [ -n "${SUDO_UID-}" ] && [ -S "$XDG_RUNTIME_DIR/bus" ]; then
  export XDG_RUNTIME_DIR DBUS_SESSION_BUS_ADDRESS
  scope='systemd-run --user --scope --quiet --collect --description=devbox-ctl --'
fi
# sudo passes on what its caller signals, and SIGUSR1 would have Node open its debugger to everybody on this host.
# shellcheck disable=SC2086 # the last ones are words or nothing at all
exec $scope env -i "HOME=$HOME" "USER=$USER" "LOGNAME=$USER" "PATH=$PATH" "XDG_RUNTIME_DIR=$XDG_RUNTIME_DIR" \
  "DBUS_SESSION_BUS_ADDRESS=$DBUS_SESSION_BUS_ADDRESS" \
  ${TERM:+"TERM=$TERM"} ${COLORTERM:+"COLORTERM=$COLORTERM"} ${NO_COLOR:+"NO_COLOR=$NO_COLOR"} ${TZ:+"TZ=$TZ"} \
  ${LANG:+"LANG=$LANG"} ${LC_ALL:+"LC_ALL=$LC_ALL"} ${LC_CTYPE:+"LC_CTYPE=$LC_CTYPE"} \
  ${SUDO_UID:+"SUDO_UID=$SUDO_UID"} ${SSH_CONNECTION:+"SSH_CONNECTION=$SSH_CONNECTION"} \
  ${SSH_USER_AUTH:+"SSH_USER_AUTH=$SSH_USER_AUTH"} \
  ${SSH_ORIGINAL_COMMAND:+"SSH_ORIGINAL_COMMAND=$SSH_ORIGINAL_COMMAND"} \
  "$node" --disable-sigusr1 "${program%/*}/../dist/main.cjs" "$@"
