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
  openssh,
  syncthing,
  tailscale,
  writeTextDir,
  zed-editor,
}:
let
  image = builtins.fromJSON (builtins.readFile ../../containers/box/image.json);
  withZed = zed-editor != null;

  environment = import ./box-image/environment.nix {
    inherit
      lib
      pkgs
      buildEnv
      ;
    services = [
      tailscale
      code-server
      syncthing
    ];
  };

  # As the Debian build names them; here Node is one of the tools.
  part = name: version: { inherit name version; };
  parts = [
    (part "base" lib.version)
    (part "tools" lib.version)
    (part "runtimes" lib.version)
    (part "syncthing" syncthing.version)
    (part "node" pkgs.nodejs_24.version)
    (part "tailscale" tailscale.version)
    (part "code-server" code-server.version)
  ]
  ++ lib.optional withZed (part "zed" "stable-${zed-editor.version}");

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
    "/usr/lib/openssh/sftp-server=${openssh}/libexec/sftp-server"
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
      "devbox-ctl.image.parts" = lib.concatStringsSep "," (map ({ name, ... }: name) parts);
    };
  };
}
