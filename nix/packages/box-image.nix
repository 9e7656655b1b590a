# The box image, from the same definition as the Debian one (containers/box):
# image.json says what the engine is told, rootfs is the overlay, and
# nix/cli-tools.nix lists the tools.
#
#   nix-build -E '(import <nixpkgs> { }).callPackage ./nix/packages/box-image.nix { }'
#   ./result | podman load
#
# Without Zed's remote server: `{ zed-editor = null; }`.
{
  lib,
  pkgs,
  stdenv,
  buildEnv,
  cacert,
  code-server,
  dockerTools,
  iana-etc,
  syncthing,
  tailscale,
  writeTextDir,
  zed-editor,
}:
let
  image = builtins.fromJSON (builtins.readFile ../../containers/box/image.json);
  withZed = zed-editor != null;

  services = [
    tailscale
    code-server
    syncthing
  ];
  environment = import ./box-image/environment.nix {
    inherit
      lib
      pkgs
      buildEnv
      services
      ;
  };

  parts =
    map
      (name: {
        inherit name;
        inherit (lib) version;
      })
      [
        "base"
        "tools"
        "runtimes"
      ]
    ++ map (package: {
      name = package.pname;
      inherit (package) version;
    }) services
    ++ lib.optional withZed {
      name = "zed";
      inherit (zed-editor) version;
    };

  trees = [
    # What Debian's packages bring and those of nixpkgs do not.
    ./box-image/rootfs
    (builtins.path {
      name = "devbox-overlay";
      path = ../../containers/box/rootfs;
    })
    (writeTextDir "usr/share/devbox/parts" (
      lib.concatMapStrings ({ name, version }: "${name} ${version}\n") parts
    ))
  ]
  ++ import ./box-image/accounts.nix {
    inherit lib writeTextDir;
    inherit (image) user;
  };

  # What is looked for at a path that nixpkgs does not use.
  loader = stdenv.cc.bintools.dynamicLinker;
  loaderDirectory = if stdenv.hostPlatform.isx86_64 then "/lib64" else "/lib";
  links = [
    "/etc/protocols=${iana-etc}/etc/protocols"
    "/etc/services=${iana-etc}/etc/services"
    "/etc/zoneinfo=/usr/share/zoneinfo"
    "/etc/ssl/certs/ca-certificates.crt=${cacert}/etc/ssl/certs/ca-bundle.crt"
    "/usr/lib/code-server/bin=${code-server}/bin"
    # Programs from elsewhere that need no more than the C library run, too.
    "${loaderDirectory}/${baseNameOf loader}=${loader}"
  ]
  ++ lib.optional withZed "/usr/lib/devbox/zed=${zed-editor.remote_server}/bin";
in
dockerTools.streamLayeredImage {
  name = "localhost/devbox";
  # The hash of the result.
  tag = null;
  # SOURCE_DATE_EPOCH of the Debian build.
  created = "2025-01-01T00:00:00Z";
  # Engines take 127; the others are for images made from this one.
  maxLayers = 80;

  contents = [ environment ];
  fakeRootCommands = lib.concatStringsSep " " (
    [
      "sh ${./box-image/root.sh}"
      "${toString image.user.uid}:${toString image.user.gid}"
      image.volumes.home
      image.volumes.private
    ]
    ++ map (tree: "${tree}") trees
    ++ [ "--" ]
    ++ links
  );

  config = {
    Entrypoint = image.entrypoint;
    StopSignal = image.stopSignal;
    WorkingDir = image.workingDir;
    Env = lib.mapAttrsToList (name: value: "${name}=${value}") (
      image.env // { SSL_CERT_FILE = "/etc/ssl/certs/ca-certificates.crt"; }
    );
    Labels = image.labels // {
      "devbox-ctl.image.parts" = lib.concatStringsSep "," (map (part: part.name) parts);
    };
  };
}
