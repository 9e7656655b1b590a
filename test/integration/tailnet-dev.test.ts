import { once } from "node:events";
import { readdir, readFile, readlink, stat } from "node:fs/promises";
import { createServer } from "node:net";
import path from "node:path";
import process from "node:process";
import { setTimeout as sleep } from "node:timers/promises";
import { execa } from "execa";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { testCli, type TestCli } from "../support/cli.ts";
import { tailnetTools } from "../support/headscale.ts";
import { testName } from "../support/ids.ts";
import { tailnetImage } from "../support/image.ts";
import { expectValid } from "../support/schema.ts";
import { privateAddress } from "../support/tailnet.ts";

// `tailnet dev` on a real headscale, with real boxes' tailscaled.

const ME = "root";
let cli: TestCli;
let dir: string;
let address: Awaited<ReturnType<typeof privateAddress>>;

const up = async (...args: string[]) =>
  expectValid("tailnet-dev-up", await cli.json(["tailnet", "dev", "up", ...args]));
const status = async () => expectValid("tailnet-dev-status", await cli.json(["tailnet", "dev", "status"]));
const down = async (...args: string[]) =>
  expectValid("tailnet-dev-down", await cli.json(["tailnet", "dev", "down", ...args]));

/** The processes of this tailnet alone: those that stand in its directory. */
async function processes(): Promise<{ pid: number; name: string }[]> {
  const found: { pid: number; name: string }[] = [];
  for (const entry of await readdir("/proc")) {
    if (!/^\d+$/.test(entry)) continue;
    const where = await readlink(`/proc/${entry}/cwd`).catch(() => "");
    if (where !== dir && !where.startsWith(`${dir}/`)) continue;
    const name = await readFile(`/proc/${entry}/comm`, "utf8").catch(() => "");
    found.push({ pid: Number(entry), name: name.trim() });
  }
  return found;
}

const headscales = async () => (await processes()).filter(({ name }) => name === "headscale").map(({ pid }) => pid);

beforeAll(async () => {
  address = await privateAddress();
  const PATH = [await tailnetTools(), path.dirname(process.execPath), process.env.PATH].join(":");
  const limits = { memory: "256MiB", reserve: { memory: "64MiB", disk: "64MiB" } };
  cli = await testCli({ env: { PATH }, config: { image: await tailnetImage(), limits } });
  dir = path.join(cli.stateDir, "tailnet-dev");
});
afterAll(async () => {
  await cli.run(["tailnet", "dev", "down", "--purge", "--yes"]);
  expect(await processes()).toEqual([]);
  await cli.remove();
  await address.remove();
});

describe.skipIf(process.getuid?.() !== 0)("a tailnet of one's own", () => {
  it("is not there before it is made", async () => {
    expect(await status()).toMatchObject({ state: "none", url: null, nodes: null });
    expect(await down()).toEqual({ stopped: false, purged: false, boxes: [], boxesConfig: null });
    const { exitCode, stderr } = await cli.run(["tailnet", "dev", "ssh", "demo"]);
    expect(exitCode).toBe(5);
    expect(stderr).toContain("tailnet dev up");
  });

  it("comes up with keys and a configuration that nobody else can read, and stays as it is", async () => {
    const first = await up("--user", "bob");
    expect(first.started).toBe(true);
    expect(first.users.map(({ name }) => name)).toEqual(["bob", ME]);
    for (const file of [dir, path.join(dir, "keys"), first.config, ...first.users.map(({ keyFile }) => keyFile)]) {
      expect((await stat(file)).mode & 0o077, file).toBe(0);
    }
    const [key] = first.users.map(({ keyFile }) => keyFile);
    const before = await readFile(key!, "utf8");
    expect(before).toMatch(/^hskey-auth-/);
    const again = await up();
    expect(again).toEqual({ ...first, started: false, users: again.users });
    expect(await readFile(key!, "utf8")).toBe(before);
    expect((await cli.run(["config", "check", first.config])).exitCode).toBe(0);
    expect(await status()).toMatchObject({ state: "running", url: first.url, nodes: [], inForce: false });
  });

  it("is refused on an address that boxes do not reach, and on a port that is taken", async () => {
    const loopback = await cli.run(["tailnet", "dev", "up", "--address", "127.0.0.1"]);
    expect(loopback.exitCode).toBe(2);
    expect(loopback.stderr).toContain(address.text);
    const taken = createServer().listen(0, address.text);
    await once(taken, "listening");
    const { port } = taken.address() as { port: number };
    const { exitCode, stderr } = await cli.run(["tailnet", "dev", "up", "--port", String(port)]);
    taken.close();
    expect(stderr).toContain(`port ${String(port)} is taken`);
    expect(exitCode).toBe(5);
    expect((await up()).started).toBe(true);
  });

  it("is noticed to have died, and comes back as it was", async () => {
    const { url, users } = await up();
    const [pid] = await headscales();
    process.kill(pid!, "SIGKILL");
    await expect.poll(async () => (await status()).state).toBe("died");
    expect((await cli.run(["tailnet", "dev", "status"])).stdout).toContain("ended by itself");
    const again = await up();
    expect(again).toMatchObject({ url, started: true });
    expect(again.users.map(({ keyFile }) => keyFile)).toEqual(users.map(({ keyFile }) => keyFile));
    expect(await headscales()).toHaveLength(1);
  });

  it("does not take another process with the number of its own for itself", async () => {
    await up();
    const [pid] = await headscales();
    const file = path.join(dir, "headscale.process");
    const [, , boot] = (await readFile(file, "utf8")).split(" ");
    await execa("sh", ["-c", `printf '%s 1 %s' ${String(process.pid)} ${boot!.trim()} >'${file}'`]);
    // This very process would be ended if its number alone were believed.
    expect((await status()).state).toBe("died");
    expect((await cli.run(["tailnet", "dev", "down"])).exitCode).toBe(0);
    expect(await headscales()).toEqual([pid]);
    process.kill(pid!, "SIGTERM");
    await expect.poll(headscales, { timeout: 15_000 }).toEqual([]);
    await up();
  });

  it("takes another port when its own is taken meanwhile", async () => {
    const { url } = await up();
    expect(await down()).toMatchObject({ stopped: true, purged: false });
    expect(await processes()).toEqual([]);
    const thief = createServer().listen(Number(new URL(url).port), address.text);
    await once(thief, "listening");
    const moved = await up();
    thief.close();
    expect(moved.url).not.toBe(url);
    expect(moved.started).toBe(true);
    expect(await readFile(moved.config, "utf8")).toContain(moved.url);
  });

  it("is one, however many begin it at once, and whenever they are killed", async () => {
    await down();
    await Promise.all([up(), up(), up("--user", "carol")]);
    expect(await headscales()).toHaveLength(1);
    expect((await status()).users.map(({ name }) => name)).toEqual(["bob", "carol", ME]);
    for (const after of [150, 250, 350, 450, 600, 900]) {
      await down();
      const begun = execa(cli.argv[0]!, ["tailnet", "dev", "up"], { env: cli.env, extendEnv: false, reject: false });
      await sleep(after);
      begun.kill("SIGKILL");
      await begun;
      const { url } = await up();
      expect(await headscales()).toHaveLength(1);
      expect(await status()).toMatchObject({ state: "running", url, problem: null });
    }
  });
});

describe.skipIf(process.getuid?.() !== 0)("a box on a tailnet of one's own", () => {
  const box = testName("demo");
  const ssh = ["tailnet", "dev", "ssh", box];
  /** The program with the configuration that was made. */
  const devbox = (...args: string[]) => cli.run(args, { env: { DEVBOX_CONFIG: path.join(dir, "devbox.yaml") } });

  it("joins by the configuration that was made [FR-011, FR-049, FR-050]", async () => {
    await up("--user", "bob");
    const { stderr, exitCode } = await devbox("create", box);
    expect({ stderr, exitCode }).toMatchObject({ exitCode: 0 });
    const tags = ["tag:devcontainer", `tag:${ME}-container`];
    expect((await status()).nodes).toMatchObject([{ name: box, tags, user: null, online: true }]);
    expect((await devbox("tailnet", "dev", "status")).stdout).toContain("in force here");
  });

  it("is reached by its owner's device as dev, and not seen by another's [FR-012, SC-007]", async () => {
    const reached = await cli.run([...ssh, "--", "sh", "-c", 'echo "$(id -un)  $1"', "x", "two  blanks; $HOME"]);
    expect(reached.stdout).toBe("dev  two  blanks; $HOME");
    expect((await cli.run([...ssh, "--", "sh", "-c", "exit 7"])).exitCode).toBe(7);
    const other = await cli.run([...ssh, "--user", "bob"]);
    expect(other.exitCode).toBe(3);
    expect(other.stderr).toContain(`bob sees no device "${box}"`);
    const seen = (await status()).nodes?.map(({ name }) => name.replace(/-on-.*/, ""));
    expect(seen?.toSorted()).toEqual(["bob", box, ME].sort());
    expect((await cli.run(["tailnet", "dev", "ssh", "-oProxyCommand=id"])).exitCode).not.toBe(0);
  });

  it("is back when the tailnet is", async () => {
    expect((await down()).stopped).toBe(true);
    expect(await processes()).toEqual([]);
    await up();
    const reached = () => cli.run([...ssh, "--", "id", "-un"]);
    await expect.poll(async () => (await reached()).stdout, { timeout: 60_000, interval: 1000 }).toBe("dev");
  });

  it("has told its key to nobody [FR-015, SC-011]", async () => {
    const { users } = await up();
    const secrets = await Promise.all(
      [...users.map(({ keyFile }) => keyFile), path.join(dir, "api-key")].map((file) => readFile(file, "utf8")),
    );
    for (const secret of secrets) {
      const { stdout } = await execa("grep", ["-rlF", secret.trim(), dir], { reject: false });
      const holders = stdout.split("\n").map((file) => path.relative(dir, file));
      expect(holders).toHaveLength(1);
      const argv = await execa("sh", ["-c", "cat /proc/[0-9]*/cmdline /proc/[0-9]*/environ 2>/dev/null"], {
        reject: false,
      });
      expect(argv.stdout.includes(secret.trim())).toBe(false);
    }
  });

  it("is asked for before the tailnet is removed with all that it has", async () => {
    const refused = await cli.run(["tailnet", "dev", "down", "--purge"]);
    expect(refused.exitCode).toBe(5);
    expect(refused.stderr).toContain(box);
    expect((await status()).state).toBe("running");
  });

  it("is gone from it when it is destroyed [FR-028]", async () => {
    const { stderr, exitCode } = await devbox("destroy", box, "--yes");
    expect({ stderr, exitCode }).toMatchObject({ exitCode: 0 });
    expect((await status()).nodes?.map(({ name }) => name)).not.toContain(box);
  });

  it("is destroyed without a word also when its tailnet was removed before [FR-028]", async () => {
    expect((await devbox("create", box)).exitCode).toBe(0);
    expect(await down("--purge", "--yes")).toEqual({ stopped: true, purged: true, boxes: [box], boxesConfig: null });
    expect(await processes()).toEqual([]);
    await expect(stat(dir)).rejects.toThrow();
    const { stderr, exitCode } = await cli.run(["destroy", box, "--yes"]);
    expect({ stderr, exitCode }).toMatchObject({ exitCode: 0 });
    expect(stderr).not.toContain("tailnet");
  });

  it("does not leave a shell behind in which nothing begins", async () => {
    const { config } = await up();
    const purged = await devbox("tailnet", "dev", "down", "--purge", "--yes");
    expect(purged.stdout.trimEnd().split("\n").at(-1)).toContain("unset DEVBOX_CONFIG");
    const list = await devbox("list");
    expect(list.exitCode).toBe(2);
    expect(list.stderr).toContain("unset DEVBOX_CONFIG");
    // As if it were unset: the usual configuration is looked for, of which there is none here.
    const env = { DEVBOX_CONFIG: config, XDG_CONFIG_HOME: path.join(cli.home, "none") };
    expect((await cli.run(["tailnet", "dev", "status"], { env })).exitCode).toBe(0);
    const other = { ...env, DEVBOX_CONFIG: `${config}.old` };
    expect((await cli.run(["tailnet", "dev", "status"], { env: other })).exitCode).toBe(2);
    const quiet = await cli.run(["tailnet", "dev", "up", "--quiet"], { env });
    expect(quiet).toMatchObject({ exitCode: 0, stderr: "" });
    expect(quiet.stdout).toMatch(/^ +tailnet .*\n +users .*\n +configuration .*$/);
    await down("--purge", "--yes");
  });

  it("is not lost when it was kept apart from the boxes of another tailnet", async () => {
    const usual = JSON.parse(await readFile(cli.configFile, "utf8")) as Record<string, unknown>;
    const api = { tokenFile: path.join(cli.home, "token") };
    await cli.writeConfig({ ...usual, tailnet: { provider: "headscale", loginServer: "http://127.0.0.1:9", api } });
    try {
      await up();
      expect(await devbox("create", box)).toMatchObject({ exitCode: 0 });
      const { stdout } = await cli.run(["tailnet", "dev", "down", "--purge", "--yes"]);
      const boxesConfig = path.join(`${dir}-boxes`, "devbox.yaml");
      expect(stdout).toContain(`! Left, on no tailnet: ${box}\n`);
      expect(stdout).toContain(`devbox-ctl destroy ${box} --config ${boxesConfig}`);
      expect((await cli.run(["list", "--config", boxesConfig])).stdout).toContain(box);
      const gone = await cli.run(["destroy", box, "--yes", "--config", boxesConfig]);
      expect(gone).toMatchObject({ exitCode: 0 });
    } finally {
      await cli.writeConfig(usual);
    }
  });
});
