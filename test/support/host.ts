import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import process from "node:process";
import { arrangeOrchestrator, copyProgram, type Arrangement } from "./host-install.ts";
import { hostImage } from "./host-image.ts";
import { namedKey, sshSession, type SshKey, type SshSession } from "./host-ssh.ts";
import { testName } from "./ids.ts";
import { testImage } from "./image.ts";
import { benchEnv, podman, podmanOk } from "./podman.ts";
import { runClean, type Ran, type RootlessUser, type RunOptions } from "./rootless.ts";
import { waitFor } from "./wait.ts";

/** Milliseconds until systemd has started everything; six seconds are usual. */
const BOOT = 90_000;

/**
 * A whole host of a test's own, in a container: systemd is PID 1, and sshd, sudo, Podman and the journal are real. It has
 * no swap, no kernel of its own, and on an outer host with cgroup version 1 no controllers: limits are not enforced there.
 */
export interface TestHost extends AsyncDisposable {
  /** Its container in root's Podman. */
  readonly name: string;
  /** Where its sshd listens, on 127.0.0.1 of this machine. */
  readonly port: number;
  /** Environment of clients on this machine, whose HOME is `folder`; for spawn and openTerminal. */
  readonly env: Readonly<Record<string, string>>;
  /** A folder on this machine that goes with the host: keys, known hosts, what a test puts there. */
  readonly folder: string;
  /** Runs words, or a text as a bash script, as root on the host: to arrange and to look, never for what is tested. */
  root(command: string | readonly string[], options?: RunOptions): Promise<Ran>;
  /** As {@link root}, and gives standard output; a failure is the test's. */
  rootOk(command: string | readonly string[], options?: RunOptions): Promise<string>;
  /** What journalctl says to these arguments. */
  journal(args?: readonly string[]): Promise<string>;
  /** Makes an account with a shell, without a password, and with a key of its own. Groups are made when missing. */
  addUser(name: string, options?: { readonly groups?: readonly string[] }): Promise<SshSession>;
  /** A new connection for each command, by an account's own key. The account was made with {@link addUser}. */
  as(name: string): SshSession;
  /** A key (made at the first call) that no account takes. */
  keyFor(name: string): Promise<SshKey>;
  /** One who comes with any key to any account. */
  session(key: SshKey, login: string): SshSession;
  /**
   * An account with Podman, through its podman.socket: what `podman(args, { user })` and `testImage(user)` take. To
   * arrange and to look.
   */
  account(name?: string): Promise<RootlessUser>;
  /** Puts the built program at /opt/devbox-src and makes the host an orchestrator. */
  install(wanted?: Arrangement): Promise<void>;
  /** The minimal box image, in the account's Podman: its tag. It is the default image as well. */
  image(account?: string): Promise<string>;
  /**
   * Shuts everything down in order and starts it again; what is on disk stays, and so does the port. The kernel goes on:
   * its boot id and clock stay too.
   */
  reboot(): Promise<void>;
  /** Takes it away with all that it holds. */
  stop(): Promise<void>;
}

/** Starts a host: five seconds, half a minute more when its image has to be built. Needs root. */
export async function testHost(): Promise<TestHost> {
  const name = testName("host");
  const folder = await mkdtemp(path.join(tmpdir(), "dbxtest-host-"));
  const stop = async (): Promise<void> => {
    await podman(["rm", "--force", "--time", "0", "--volumes", name]);
    await podman(["volume", "rm", "--force", name]);
    await rm(folder, { recursive: true, force: true });
  };
  try {
    await boot(name);
    return await aHost(name, folder, stop);
  } catch (error) {
    const { stdout, stderr } = await podman(["logs", name]);
    await stop();
    throw new Error(
      `the test host does not start: ${error instanceof Error ? error.message : ""}\n${stdout}${stderr}`,
      {
        cause: error,
      },
    );
  }
}

/** Why this machine cannot have test hosts, or undefined. @throws when their image cannot be built */
export async function hostRefusal(): Promise<string | undefined> {
  await hostImage();
  try {
    await (await testHost()).stop();
    return undefined;
  } catch (error) {
    return String(error instanceof Error ? error.message : error).split("\n", 1)[0];
  }
}

async function boot(name: string): Promise<void> {
  const image = await hostImage();
  const tmpfs = [
    "/run:rw,nosuid,nodev,mode=755",
    "/run/lock:rw,nosuid,nodev,mode=1777",
    "/tmp:rw,nosuid,nodev,exec,mode=1777",
  ];
  const ran = await podman([
    ...["run", "--detach", "--name", name, "--hostname", "orchestrator", "--privileged"],
    // Not Podman's own way of starting systemd: see test-host/init.
    ...["--systemd=false", "--cgroupns=private", "--env=container=podman", "--stop-signal=37"],
    ...tmpfs.flatMap((each) => ["--tmpfs", each]),
    // A directory of this machine's disk: rootless Podman's native overlay does not work on top of an overlay.
    ...["--volume", `${name}:/var/lib:suid,dev`],
    ...["--publish", "127.0.0.1::22", image, "/sbin/test-host-init"],
  ]);
  if (ran.exitCode !== 0) throw new Error(ran.stderr);
  await untilRunning(name);
}

async function untilRunning(name: string): Promise<void> {
  await waitFor(
    async () => {
      const { stdout, stderr } = await podman(["exec", name, "systemctl", "is-system-running"]);
      if (stdout !== "running") throw new Error(`systemd says ${stdout}${stderr}`);
    },
    BOOT,
    200,
  );
}

async function aHost(name: string, folder: string, stop: () => Promise<void>): Promise<TestHost> {
  const root: TestHost["root"] = (command, options) => {
    const argv = typeof command === "string" ? ["bash", "-euo", "pipefail", "-c", command] : command;
    return podman(["exec", "--interactive", name, ...argv], options);
  };
  const rootOk: TestHost["rootOk"] = async (command, options) => {
    const { stdout, stderr, exitCode } = await root(command, options);
    if (exitCode === 0) return stdout;
    throw new Error(`on the test host, ${String(command)}: exit ${String(exitCode)}: ${stdout}${stderr}`);
  };
  const port = Number((await podmanOk(["port", name, "22/tcp"])).split(":").at(-1));
  const knownHosts = path.join(folder, "known_hosts");
  await writeFile(knownHosts, `[127.0.0.1]:${String(port)} ${await rootOk("cat /etc/ssh/ssh_host_ed25519_key.pub")}\n`);
  const env = { PATH: process.env.PATH ?? "", HOME: folder, LANG: "C.UTF-8" };

  const keys = new Map<string, Promise<SshKey>>();
  const users = new Map<string, SshSession>();
  const keyFor: TestHost["keyFor"] = (who) => {
    const key = keys.get(who) ?? namedKey(folder, who);
    keys.set(who, key);
    return key;
  };
  const session: TestHost["session"] = (key, login) => sshSession(key, login, { port, knownHosts, env });
  const account: TestHost["account"] = (who = "devbox") => accountOf(name, who, rootOk);

  return {
    ...{ name, port, env, folder, root, rootOk, keyFor, session, account, stop },
    [Symbol.asyncDispose]: stop,
    journal: (args = []) => rootOk(["journalctl", "--no-pager", ...args]),
    as(who) {
      const user = users.get(who);
      if (user === undefined) throw new Error(`no account ${who} was made with addUser`);
      return user;
    },
    async addUser(who, { groups = [] } = {}) {
      const key = await keyFor(who);
      await rootOk(["bash", "-euc", ADD_USER, who, key.publicKey, ...groups]);
      const user = session(key, who);
      users.set(who, user);
      return user;
    },
    async install(wanted = {}) {
      await copyProgram(name);
      await arrangeOrchestrator({ rootOk }, wanted);
    },
    async reboot() {
      await podmanOk(["restart", "--time", "60", name]);
      await untilRunning(name);
    },
    async image(who) {
      const user = await account(who);
      const tag = await testImage(user);
      await podmanOk(["tag", tag, "localhost/devbox:latest"], { user });
      return tag;
    },
  };
}

// No password, but not a locked account, which sshd refuses.
const ADD_USER = `key=$1; shift
for group; do groupadd --force --system -- "$group"; done
useradd --create-home --shell /bin/bash --password '*' -- "$0"
for group; do usermod --append --groups "$group" -- "$0"; done
install -d -m 0700 -o "$0" -g "$0" "/home/$0/.ssh"
printf '%s\\n' "$key" >"/home/$0/.ssh/authorized_keys"
chown "$0:" "/home/$0/.ssh/authorized_keys"
chmod 0600 "/home/$0/.ssh/authorized_keys"`;

async function accountOf(host: string, name: string, rootOk: TestHost["rootOk"]): Promise<RootlessUser> {
  const passwd = (await rootOk(["getent", "passwd", name])).split(":");
  const [uid, home = "/"] = [Number(passwd[2]), passwd[5]];
  const runtimeDir = `/run/user/${String(uid)}`;
  const own: Record<string, string> = {
    HOME: home,
    USER: name,
    LOGNAME: name,
    XDG_RUNTIME_DIR: runtimeDir,
    DBUS_SESSION_BUS_ADDRESS: `unix:path=${runtimeDir}/bus`,
    CONTAINER_HOST: `unix://${runtimeDir}/podman/podman.sock`,
  };
  const as = (more: Readonly<Record<string, string>> = {}): string[] => {
    const settings = Object.entries({ ...own, ...more }).map(([key, value]) => `--env=${key}=${value}`);
    return ["podman", "exec", "--interactive", "--user", name, "--workdir=/", ...settings, host];
  };
  const run: RootlessUser["run"] = (argv, { env, ...options } = {}) =>
    runClean([...as(env), ...argv], benchEnv(), options);
  return { name, uid, home, runtimeDir, env: benchEnv(), as: as(), run };
}
