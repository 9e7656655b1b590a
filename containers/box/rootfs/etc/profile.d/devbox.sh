# Login shells in a box: the same PATH as `exec` gives, files that others may read.
umask 022
if [ "$(id -u)" != 0 ]; then
  PATH=$HOME/.local/bin:/usr/local/bin:/usr/bin:/bin:/usr/local/sbin:/usr/sbin:/sbin
  export PATH
fi
# What whoever comes in has to know (`tell`), and the note that a login has shown it: the first line is its id.
case $- in
  *i*)
    if [ -t 1 ] && [ -r /run/devbox.notice ]; then
      {
        read -r devbox_notice
        printf '\n'
        cat
        printf '\n'
      } </run/devbox.notice
      # A pipe in its place would be waited for.
      if [ "$(id -u)" != 0 ] && { [ ! -e /run/user/1000/devbox.notice-shown ] || [ -f /run/user/1000/devbox.notice-shown ]; }; then
        printf '%s\n' "$devbox_notice" 2>/dev/null >/run/user/1000/devbox.notice-shown
      fi
      unset devbox_notice
    fi
    ;;
esac
