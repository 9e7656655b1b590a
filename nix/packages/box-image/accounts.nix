# /etc/passwd and /etc/group, for the user that image.json names.
{
  lib,
  writeTextDir,
  user,
}:
let
  lines = lib.concatMapStrings (line: line + "\n");
  ids = "${toString user.uid}:${toString user.gid}";
in
[
  (writeTextDir "etc/passwd" (lines [
    "root:x:0:0:root:/root:${user.shell}"
    "${user.name}:x:${ids}:box user:${user.home}:${user.shell}"
    "nobody:x:65534:65534:nobody:/nonexistent:/usr/sbin/nologin"
  ]))
  (writeTextDir "etc/group" (lines [
    "root:x:0:"
    "tty:x:5:"
    "${user.name}:x:${toString user.gid}:"
    "nogroup:x:65534:"
  ]))
]
