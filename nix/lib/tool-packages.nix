# The packages of ../cli-tools.nix, in its order. A name that nixpkgs does not
# have fails with that name.
{ lib, pkgs }:
map (
  { name, package, ... }:
  lib.attrByPath (lib.splitString "." package)
    (throw "cli-tools.nix: ${name}: nixpkgs has no ${package}")
    pkgs
) (import ../cli-tools.nix)
