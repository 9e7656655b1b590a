import path from "node:path";
import process from "node:process";
import { realpath } from "node:fs/promises";
import { execa } from "execa";
import type { TestHost } from "./host.ts";
import { benchEnv } from "./podman.ts";

const ROOT = path.resolve(import.meta.dirname, "../..");
const PARTS = ["bin", "dist", "containers", "package.json", "oclif.manifest.json"];
const SOURCE = "/opt/devbox-src";

/** What the configuration of an orchestrator says beyond the bed's own. */
export interface Arrangement {
  /** Merged over the top-level keys of the configuration. */
  readonly config?: Readonly<Record<string, unknown>>;
  /** Users of devbox-ctl; alice and bob unless told. */
  readonly users?: readonly string[];
}

/** Copies the built program and this Node to /opt/devbox-src on the host, root's, as a package manager would. */
export async function copyProgram(host: string): Promise<void> {
  const node = await realpath(process.execPath);
  const pack = [
    ...["--create", "--owner=root:0", "--group=root:0", "--mode=u+w,go-w,a+rX"],
    ...["--directory", ROOT, ...PARTS, "--directory", path.dirname(node)],
    ...[`--transform=s,^${path.basename(node)}$,node_modules/node/bin/node,`, path.basename(node)],
  ];
  const unpack = `mkdir -p ${SOURCE} && tar --extract --directory ${SOURCE} --file -`;
  await execa("tar", pack, { stdin: "ignore", buffer: false }).pipe(
    "podman",
    ["exec", "--interactive", host, "sh", "-c", unpack],
    { extendEnv: false, env: benchEnv() },
  );
}

/** Makes the host an orchestrator by hand, until `devbox-ctl host setup` does. */
export async function arrangeOrchestrator(host: Pick<TestHost, "rootOk">, wanted: Arrangement): Promise<void> {
  const config = {
    host: { name: "orchestrator", serviceUser: "devbox", adminGroups: ["wheel"] },
    state: { dir: "/var/lib/devbox" },
    // The default floors are a real host's.
    limits: { memory: "512MiB", reserve: { memory: "64MiB", disk: "64MiB" } },
    users: Object.fromEntries((wanted.users ?? ["alice", "bob"]).map((user) => [user, {}])),
    ...wanted.config,
  };
  await host.rootOk(["bash", "-euc", ARRANGE, SOURCE], { input: JSON.stringify(config, null, 2) });
}

const ARRANGE = `
mkdir -p /usr/local/lib/devbox-ctl
cp -a "$0/." /usr/local/lib/devbox-ctl/
ln -sf ../lib/devbox-ctl/bin/devbox-ctl /usr/local/bin/devbox-ctl

groupadd --system devbox
useradd --system --gid devbox --home-dir /var/lib/devbox --create-home --shell /bin/sh --password '*' devbox
chmod 0700 /var/lib/devbox
for ids in /etc/subuid /etc/subgid; do echo devbox:10000000:16777216 >>"$ids"; done

install -d -m 0755 /etc/devbox
install -m 0640 -g devbox /dev/stdin /etc/devbox/config.yaml
printf '%s\\n' account=devbox uid=$(id -u devbox) home=/var/lib/devbox program=/usr/local/lib/devbox-ctl/bin/devbox-ctl \
  commands=8 sessions=40 >/etc/devbox/boundary
install -d -m 0755 /var/lib/devbox/.config -o devbox -g devbox
install -d -m 0755 /var/lib/devbox/.config/containers -o devbox -g devbox
printf '[storage]\\ndriver = "overlay"\\n' >/var/lib/devbox/.config/containers/storage.conf
install -m 0600 -o devbox -g devbox /dev/null /var/lib/devbox/authorized_keys

cat >/etc/sudoers.d/devbox <<'END'
Defaults!/usr/local/lib/devbox-ctl/bin/devbox-ctl env_reset, !setenv, env_keep += "NO_COLOR COLORTERM TZ"
ALL ALL=(devbox) NOPASSWD: /usr/local/lib/devbox-ctl/bin/devbox-ctl
END
chmod 0440 /etc/sudoers.d/devbox
visudo -cq

cat >/etc/ssh/sshd_config.d/10-devbox.conf <<'END'
PasswordAuthentication no
KbdInteractiveAuthentication no
PermitRootLogin no
PermitUserEnvironment no
Match User devbox
  AuthorizedKeysFile /var/lib/devbox/authorized_keys
  DisableForwarding yes
  PermitUserRC no
END
sshd -t
systemctl reload ssh

loginctl enable-linger devbox
export XDG_RUNTIME_DIR=/run/user/$(id -u devbox)
for try in $(seq 100); do [ -S "$XDG_RUNTIME_DIR/bus" ] && break; sleep 0.1; done
cd /
setpriv --reuid=devbox --regid=devbox --init-groups env HOME=/var/lib/devbox systemctl --user --quiet enable --now podman.socket
`;
