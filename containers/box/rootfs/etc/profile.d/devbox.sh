# Login shells in a box: the same PATH as `exec` gives, files that others may read.
umask 022
if [ "$(id -u)" != 0 ]; then
  PATH=$HOME/.local/bin:/usr/local/bin:/usr/bin:/bin:/usr/local/sbin:/usr/sbin:/sbin
  export PATH
fi
