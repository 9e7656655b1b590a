#!/bin/sh
# Lays out the root file system of the box image in the current directory, where
# usr/bin and usr/share are already: the directories of the image contract, the
# trees of files, the links. Needs root, or fakeroot.
#
# Usage: root.sh OWNER HOME PRIVATE TREE... -- [LINK=TARGET...]
#        OWNER    uid:gid of HOME
#        PRIVATE  where root's volume goes
#        TREE     copied over the root; later ones win; files lose all of their
#                 mode but the x bit, as a checkout and the Nix store keep no more
#        LINK     absolute path in the image, made to point to TARGET
# Exit:  0 done; 1 it failed; 2 usage.
set -eu

usage() {
  printf 'usage: root.sh OWNER HOME PRIVATE TREE... -- [LINK=TARGET...]\n' >&2
  exit 2
}
[ $# -ge 4 ] || usage
owner=$1
home=.$2
private=.$3
shift 3

# One place for programs and one for data, as on Debian: /bin is /usr/bin.
mkdir -p usr/bin usr/lib usr/lib64 usr/local/bin usr/local/sbin usr/share
ln -s bin usr/sbin
ln -s usr/bin bin
ln -s usr/bin sbin
ln -s usr/lib lib
ln -s usr/lib64 lib64

mkdir -p dev etc proc root run sys tmp var/cache var/lib var/log var/tmp
chmod 0700 root
chmod 1777 tmp var/tmp
ln -s /run var/run
mkdir -p "$home" "$private"
chmod 0755 "$home"
chown "$owner" "$home"
chmod 0700 "$private"
# The engine brings its own of these, and needs a place for them where the image is read-only.
for name in hostname hosts resolv.conf machine-id; do
  : >"etc/$name"
done

while [ $# -gt 0 ] && [ "$1" != -- ]; do
  tar --create --directory="$1" --mode='u=rwX,go=rX' --owner=0 --group=0 --numeric-owner . |
    tar --extract --preserve-permissions --no-overwrite-dir --keep-directory-symlink
  shift
done
[ $# -gt 0 ] || usage
shift

for link; do
  at=.${link%%=*}
  mkdir -p "${at%/*}"
  ln -s "${link#*=}" "$at"
done
