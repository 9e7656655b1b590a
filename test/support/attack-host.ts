import { type ChildProcess, spawn } from "node:child_process";
import { expect } from "vitest";
import { testHost, type TestHost } from "./host.ts";
import type { SshSession } from "./host-ssh.ts";

/** Where sudo and the keys lead. */
export const PROGRAM = "/usr/local/lib/devbox-ctl/bin/devbox-ctl";

/** An orchestrator with people on it who mean no good, and those who are to notice nothing of it. */
export interface AttackHost {
  readonly host: TestHost;
  /** Has a shell and the box `api`. */
  readonly alice: SshSession;
  /** Has a key of the service account, no shell, and the box `bobs`. */
  readonly bob: SshSession;
  /** An administrator. */
  readonly carol: SshSession;
  /** Has a shell, and is no user of devbox-ctl. */
  readonly eve: SshSession;
  /** User id of the service account. */
  readonly uid: number;
  /** Container id of a box, as root sees it. */
  containerId(box: string): Promise<string>;
  /** Names of the boxes that bob is told of; a failure is the test's. */
  bobsBoxes(): Promise<string[]>;
  /** Processes of the account whose command line matches, one a line. */
  accountsProcesses(pattern: string): Promise<string>;
}

/**
 * Makes such a host, with both boxes running.
 * @param prepare what root does on it before it becomes an orchestrator
 */
export async function attackHost(prepare = "true"): Promise<AttackHost> {
  const host = await testHost();
  try {
    await host.rootOk(prepare);
    const [alice, eve] = [await host.addUser("alice"), await host.addUser("eve")];
    const carol = await host.addUser("carol", { groups: ["wheel"] });
    await host.install();
    await host.image();
    const key = await host.keyFor("bob-laptop");
    const added = await carol.run("devbox-ctl user add-key bob --file -", { input: `${key.publicKey}\n` });
    expect(added).toMatchObject({ exitCode: 0 });
    const bob = host.session(key, "devbox");
    expect(await alice.run("devbox-ctl create api --quiet")).toMatchObject({ exitCode: 0 });
    expect(await bob.run("create bobs --quiet")).toMatchObject({ exitCode: 0 });
    const { uid } = await host.account();
    return {
      ...{ host, alice, bob, carol, eve, uid },
      async containerId(box) {
        const { stdout } = await carol.run(`devbox-ctl status ${box} --json`);
        return (JSON.parse(stdout) as { box: { containerId: string } }).box.containerId;
      },
      async bobsBoxes() {
        const { stdout } = await bob.run("list --json");
        return (JSON.parse(stdout) as { boxes: { name: string }[] }).boxes.map(({ name }) => name);
      },
      accountsProcesses: async (pattern) => (await host.root(["pgrep", "-u", "devbox", "-af", pattern])).stdout,
    };
  } catch (error) {
    await host.stop();
    throw error;
  }
}

/** A client that goes on by itself; the test ends it. */
export function inBackground(host: TestHost, who: SshSession, command: string, options?: string[]): ChildProcess {
  const [program = "", ...words] = who.ssh(command, options);
  return spawn(program, words, { env: host.env, stdio: "ignore" });
}

/** What a text of shell lines, each tried by itself with 20 s, says: `[line, exit code, output]`. */
export async function eachLine(
  who: SshSession,
  lines: readonly string[],
): Promise<(readonly [string, number, string])[]> {
  const results: (readonly [string, number, string])[] = [];
  for (const line of lines) {
    const { stdout, stderr, exitCode } = await who.run(["timeout", "20", "bash", "-c", line]);
    results.push([line, exitCode, `${stdout}\n${stderr}`]);
  }
  return results;
}
