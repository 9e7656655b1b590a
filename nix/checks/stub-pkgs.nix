# A nixpkgs of nothing but names, for evaluating without one: packages are sets
# that have an output path, and builders give back what they were given.
{ packages }:
let
  lib = import ./stub-lib.nix;

  package =
    name:
    let
      store = output: "/nix/store/stub-${name}${output}";
    in
    {
      type = "derivation";
      pname = name;
      version = "1.0";
      outPath = store "";
      remote_server = store "-remote-server";
    };
  # As callPackage's functions do: what was asked for, and where it would be.
  builder = kind: arguments: {
    inherit arguments;
    outPath = "/nix/store/stub-${kind}";
  };
  named = lib.foldl' (
    set: path: lib.recursiveUpdate set (lib.setAttrByPath (lib.splitString "." path) (package path))
  ) { } packages;
in
named
// {
  inherit lib;
  pkgs = named;
  stdenv = {
    hostPlatform.isx86_64 = true;
    cc.bintools.dynamicLinker = "/nix/store/stub-glibc/lib/ld-linux-x86-64.so.2";
  };
  buildEnv = builder "environment";
  dockerTools.streamLayeredImage = builder "image";
  writeTextDir = path: text: {
    inherit path text;
    outPath = "/nix/store/stub-${builtins.replaceStrings [ "/" ] [ "-" ] path}";
  };
}
