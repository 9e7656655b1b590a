# /usr/bin and /usr/share of the box image: the tools for people, what the
# programs of the overlay call, and the services.
{
  lib,
  pkgs,
  buildEnv,
  services,
}:
let
  tools = import ../../lib/tool-packages.nix { inherit lib pkgs; };
  # What every Debian has, and the programs of the box count on.
  system = [
    pkgs.coreutils
    pkgs.diffutils
    pkgs.findutils
    pkgs.gawk
    pkgs.getent
    pkgs.gnugrep
    pkgs.gnused
    pkgs.gnutar
    pkgs.gzip
    pkgs.hostname
    pkgs.ncurses
    pkgs.perl
    pkgs.tzdata
    pkgs.which
  ];
  supervision = [
    pkgs.execline
    pkgs.iproute2
    pkgs.procps
    pkgs.s6
    pkgs.util-linux
  ];
in
buildEnv {
  name = "devbox-environment";
  extraPrefix = "/usr";
  paths = tools ++ services ++ supervision ++ system;
  # No /etc: what is there is the overlay's. No /lib: programs find theirs in the store.
  pathsToLink = [
    "/bin"
    "/share"
  ];
  # Some commands come in several packages (kill, uptime): the first one wins, as in NixOS.
  ignoreCollisions = true;
}
