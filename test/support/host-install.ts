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
  await execa("tar", pack, { stdin: "ignore", buffer: { stdout: false } }).pipe(
    "podman",
    ["exec", "--interactive", host, "sh", "-c", unpack],
    { extendEnv: false, env: benchEnv() },
  );
}

/** Makes the host an orchestrator as its administrator would: by `host setup`, with a configuration of the test's. */
export async function arrangeOrchestrator(host: Pick<TestHost, "rootOk">, wanted: Arrangement): Promise<void> {
  const config = {
    host: { name: "orchestrator", serviceUser: "devbox", adminGroups: ["wheel"] },
    state: { dir: "/var/lib/devbox" },
    // The default floors are a real host's.
    limits: { memory: "512MiB", reserve: { memory: "64MiB", disk: "64MiB" } },
    users: Object.fromEntries((wanted.users ?? ["alice", "bob"]).map((user) => [user, {}])),
    ...wanted.config,
  };
  await host.rootOk(["bash", "-euc", SET_UP, SOURCE], { input: JSON.stringify(config, null, 2) });
}

// Setup closes root's way in only when an administrator has one; a test without any gets one that nobody uses.
const SET_UP = `
cat >/run/orchestrator.yaml
if [ -z "$(getent group wheel | cut -d: -f4)" ]; then
  useradd --create-home --shell /bin/bash --password '*' --groups wheel keeper
  install -d -m 0700 -o keeper -g keeper /home/keeper/.ssh
  ssh-keygen -q -t ed25519 -N '' -f /run/keeper
  install -m 0600 -o keeper -g keeper /run/keeper.pub /home/keeper/.ssh/authorized_keys
  rm -f /run/keeper
fi
"$0/bin/devbox-ctl" host setup --yes --quiet --config /run/orchestrator.yaml
`;
