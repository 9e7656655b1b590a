/** What a headscale for trying listens on, and what its clients find it under. */
export interface HeadscalePlace {
  /** Address of this machine that boxes reach too; it listens there in plain http. */
  readonly address: string;
  /** TCP: the control plane and the relay (DERP) under one port. */
  readonly port: number;
  /** UDP, for STUN: tailscaled finds out its own address with it. */
  readonly stunPort: number;
  /** Name of the policy's file, beside this configuration. */
  readonly policy: string;
  /** Seconds after which it forgets an ephemeral device that is gone; over 65, or headscale refuses. */
  readonly forgetAfter: number;
}

/** Under which names of MagicDNS its devices are found: `demo.tailnet.internal`. */
const BASE_DOMAIN = "tailnet.internal";

/** The unix socket over which the `headscale` command talks to the server, beside this configuration. */
const HEADSCALE_SOCKET = "headscale.sock";

export const headscaleUrl = ({ address, port }: Pick<HeadscalePlace, "address" | "port">): string =>
  `http://${address.includes(":") ? `[${address}]` : address}:${String(port)}`;

/**
 * Whether tailscaled takes an address for a private one (RFC 1918). Over plain http to any other it takes a second
 * connection within two minutes for a broken network, and asks for HTTPS at port 443 from then on.
 */
export const isPrivate = (address: string): boolean => /^(10\.|172\.(1[6-9]|2\d|3[01])\.|192\.168\.)/.test(address);

/**
 * The configuration of a headscale of one's own, as JSON, which is YAML. File names in it are relative: the server and
 * its command run in its directory, so that the directory may have any name (a socket's path has 107 bytes at most).
 * It asks nobody for anything: its own relay is the only one, and there are no updates and no statistics.
 */
export function headscaleConfig(place: HeadscalePlace): string {
  const { address, port, stunPort } = place;
  const at = (host: string, number: number) => `${host.includes(":") ? `[${host}]` : host}:${String(number)}`;
  const config = {
    server_url: headscaleUrl(place),
    listen_addr: at(address, port),
    // Any free port for these two: nobody asks them, and there is no way to turn them off.
    metrics_listen_addr: "127.0.0.1:0",
    grpc_listen_addr: "127.0.0.1:0",
    grpc_allow_insecure: false,
    noise: { private_key_path: "noise.key" },
    prefixes: { v4: "100.64.0.0/10", v6: "fd7a:115c:a1e0::/48", allocation: "sequential" },
    derp: {
      server: {
        enabled: true,
        region_id: 999,
        region_code: "own",
        region_name: "This machine",
        stun_listen_addr: at(address, stunPort),
        // Of the family that it has no address of it says so: a tailscaled waits three seconds for it at every start.
        ...(address.includes(":") ? { ipv4: "none" } : { ipv6: "none" }),
        private_key_path: "derp.key",
        automatically_add_embedded_derp_region: true,
        verify_clients: true,
      },
      urls: [],
      paths: [],
      auto_update_enabled: false,
    },
    disable_check_updates: true,
    node: { ephemeral: { inactivity_timeout: `${String(place.forgetAfter)}s` } },
    database: { type: "sqlite", sqlite: { path: "db.sqlite", write_ahead_log: true } },
    dns: { magic_dns: true, base_domain: BASE_DOMAIN, override_local_dns: false, nameservers: { global: [] } },
    policy: { mode: "file", path: place.policy },
    unix_socket: HEADSCALE_SOCKET,
    unix_socket_permission: "0700",
    logtail: { enabled: false },
    log: { level: "info", format: "text" },
  };
  return `${JSON.stringify(config, null, 2)}\n`;
}
