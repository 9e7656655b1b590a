# What the definition of the box image comes to, as data, evaluated without
# nixpkgs. test/integration/nix.test.ts compares it with the image contract.
{ withZed }:
let
  definition = import ../packages/box-image.nix;
  tools = import ../cli-tools.nix;
  # Whatever else is called for has to be in nixpkgs under this very name.
  others = [
    "cacert"
    "code-server"
    "coreutils"
    "diffutils"
    "execline"
    "findutils"
    "gawk"
    "getent"
    "gnugrep"
    "gnused"
    "gnutar"
    "gzip"
    "hostname"
    "iana-etc"
    "iproute2"
    "ncurses"
    "perl"
    "procps"
    "s6"
    "syncthing"
    "tailscale"
    "tzdata"
    "util-linux"
    "which"
    "zed-editor"
  ];
  pkgs = import ./stub-pkgs.nix { packages = map (tool: tool.package) tools ++ others; };
  wanted = builtins.intersectAttrs (builtins.functionArgs definition) pkgs;
  image = (definition (wanted // (if withZed then { } else { zed-editor = null; }))).arguments;
  environment = (builtins.head image.contents).arguments;
in
{
  inherit (image)
    name
    tag
    created
    maxLayers
    config
    fakeRootCommands
    ;
  inherit (environment) extraPrefix pathsToLink;
  accounts = map (file: { inherit (file) path text; }) (
    import ../packages/box-image/accounts.nix {
      inherit (pkgs) lib writeTextDir;
      inherit (builtins.fromJSON (builtins.readFile ../../containers/box/image.json)) user;
    }
  );
  packages = map (package: package.pname) environment.paths;
}
