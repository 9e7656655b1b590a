import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { leavesTrace } from "../../src/adapters/podman/runtime-state.ts";
import { testCli, type TestCli } from "./cli.ts";
import { testImage } from "./image.ts";
import { benchEnv, podman, podmanOk, removeTestObjects } from "./podman.ts";
import { runClean, type RootlessUser } from "./rootless.ts";
import { openTerminal } from "./tmux.ts";

interface Listed {
  readonly boxes: readonly { readonly name: string; readonly state: string }[];
  readonly slots: { readonly used: number };
}

/** Reserves that no machine fails: what must be left to the host has tests of its own. */
const SMALL_RESERVE = { memory: "64MiB", disk: "64MiB" };

/**
 * The whole life of a box by the built program on real Podman; run once as root and once as an ordinary user.
 * @param as gives the user, or undefined for root's own Podman
 */
export function lifeOfABox(as: () => Promise<RootlessUser | undefined>): void {
  let user: RootlessUser | undefined;
  let cli: TestCli;
  let namespace: string;

  const states = async () => {
    const { boxes } = (await cli.json(["list"])) as Listed;
    return Object.fromEntries(boxes.map((box) => [box.name, box.state]));
  };
  const exec = (name: string, ...command: string[]) => cli.run(["exec", name, "--", ...command]);
  const script = async (name: string, text: string) => (await exec(name, "sh", "-c", text)).stdout;
  const ok = async (...args: string[]) => {
    const ran = await cli.run(args);
    expect(ran, args.join(" ")).toMatchObject({ exitCode: 0 });
    return ran;
  };

  beforeAll(async () => {
    user = await as();
    const image = await testImage(user);
    const config = { image, limits: { memory: "512MiB", reserve: SMALL_RESERVE } };
    cli = await testCli(user === undefined ? { config } : { config, user });
    const shown = (await cli.json(["config", "show"])) as { config: { engine: { namespace: string } } };
    namespace = shown.config.engine.namespace;
    await ok("create", "api");
  });
  afterAll(async () => {
    await removeTestObjects(undefined, user);
    await cli.remove();
  });

  it("runs commands as dev in the workspace, and hands their exit code on [FR-025] [R-04]", async () => {
    expect(await script("api", "id -un; id -u; pwd; echo $HOME; hostname")).toBe(
      "dev\n1000\n/home/dev/workspace\n/home/dev\napi",
    );
    expect((await exec("api", "sh", "-c", "exit 42")).exitCode).toBe(42);
    expect((await exec("api", "no-such-command")).exitCode).toBe(127);
    expect((await cli.run(["exec", "api", "--", "cat"], { input: "a b\n" })).stdout.trim()).toBe("a b");
    const words = ["-c", 'printf "%s|" "$@"', "sh", "a b", "--", "$HOME", "", "-n", "é"];
    expect((await exec("api", "sh", ...words)).stdout).toBe("a b|--|$HOME||-n|é|");
  });

  it("keeps the home when it is stopped and started [FR-013] [FR-025]", async () => {
    await script("api", "echo precious > work.txt; echo gone > /tmp/scratch");
    await ok("stop", "api");
    expect(await states()).toEqual({ api: "stopped" });
    expect((await exec("api", "true")).exitCode).toBe(5);
    expect((await ok("stop", "api")).stdout).toContain("was stopped already");
    await ok("start", "api");
    expect(await script("api", "cat work.txt; ls /tmp")).toBe("precious");
    expect((await ok("start", "api")).stdout).toContain("was running already");
    await ok("restart", "api");
    expect(await script("api", "cat work.txt")).toBe("precious");
  });

  it("shows state, times, process, memory and disk [E-04]", async () => {
    const status = (await cli.json(["status", "api"])) as Record<string, unknown>;
    expect(status).toMatchObject({ state: "running", desired: "running", box: { name: "api", cpus: 2 } });
    expect(status.pid).toBeGreaterThan(1);
    expect(status.homeBytes).toBeGreaterThan(0);
    const { stdout } = await ok("status", "api");
    for (const label of ["state", "created", "last used", "cpu", "memory", "disk", "image"])
      expect(stdout).toContain(label);
  });

  it("enforces CPU, memory and process limits, or says that it does not [FR-029] [X-08]", async (context) => {
    const created = (await cli.json(["create", "small", "--additional", "--cpus", "0.5", "--memory", "256MiB"])) as {
      notEnforced: string[];
    };
    const status = (await cli.json(["status", "small"])) as { notEnforced: string[] };
    expect(status.notEnforced).toEqual(created.notEnforced);
    const inside = await script(
      "small",
      "cat /sys/fs/cgroup/memory/memory.limit_in_bytes /sys/fs/cgroup/memory.max /sys/fs/cgroup/cpu/cpu.cfs_quota_us /sys/fs/cgroup/cpu.max 2>/dev/null",
    );
    await ok("destroy", "small", "--yes");
    if (created.notEnforced.length > 0) {
      const doctor = await cli.run(["doctor"]);
      expect(doctor.stdout).toContain("limits are not enforced on this host");
      context.skip(true, "this engine enforces no limits for rootless users; that it says so was tested");
    }
    expect(inside.split("\n")[0]).toBe(String(256 * 1024 ** 2));
    expect(inside).toMatch(/^50000\b/m);
  });

  it("opens a shell with a terminal: size, resize, Ctrl-C, Ctrl-P and the exit code [FR-025]", async () => {
    await using terminal = await openTerminal([...cli.argv, "ssh", "api"], { env: cli.env, cols: 90, rows: 25 });
    await terminal.waitFor("dev@api");
    await terminal.type("stty size; echo TERM=$TERM\n");
    await terminal.waitFor("25 90");
    await terminal.waitFor(/TERM=(?:tmux|screen)-256color/);
    await terminal.resize(70, 20);
    await terminal.type("clear; sleep 0.3; stty size\n");
    await terminal.waitFor("20 70");
    await terminal.type("sleep 1000\n");
    await terminal.waitFor("sleep 1000");
    await terminal.press("C-c");
    await terminal.type("echo after-ctrl-c\n");
    await terminal.waitFor(/^after-ctrl-c/m);
    // Podman's own detach keys would swallow this one.
    await terminal.press("C-p");
    await terminal.press("Enter");
    await terminal.type("exit 7\n");
    expect(await terminal.exitCode()).toBe(7);
  });

  it("leaves nothing running in the box when the terminal goes away [FR-025]", async () => {
    const terminal = await openTerminal([...cli.argv, "ssh", "api"], { env: cli.env });
    await terminal.waitFor("dev@api");
    await terminal.type("sleep 98765\n");
    await expect.poll(() => script("api", "pgrep -f 'sleep 9876[5]' || true")).not.toBe("");
    await terminal.kill();
    await expect.poll(() => script("api", "pgrep -f 'sleep 9876[5]' || true"), { timeout: 15_000 }).toBe("");
  });

  it("shows what the box's services said [FR-025]", async () => {
    // A service made in the running box: what it says goes the way of all services' words.
    const service =
      "mkdir said && printf '#!/bin/sh\\necho said-by-a-service\\nexec sleep 1000\\n' >said/run && chmod +x said/run";
    const script = `cd /run/s6/services && ${service} && s6-svscanctl -a .`;
    await podmanOk(["exec", `${namespace}-api`, "sh", "-c", script], { user });
    await expect
      .poll(async () => (await ok("logs", "api", "--tail", "5")).stdout, { timeout: 10_000 })
      .toContain("said-by-a-service");
    expect((await ok("logs", "api", "--since", "1h")).stdout).toContain("said-by-a-service");
    expect((await cli.run(["logs", "api", "--since", "soon"])).exitCode).toBe(2);
  });

  it("destroys a box and leaves nothing of it, or its home when told [E-05] [FR-025]", async () => {
    await ok("create", "doomed", "--additional", "--no-start");
    expect(await states()).toMatchObject({ doomed: "stopped" });
    await ok("start", "doomed");
    await script("doomed", "echo kept > file");
    const { keptVolume } = (await cli.json(["destroy", "doomed", "--keep-volume", "--yes"])) as { keptVolume: string };
    const { volumes } = (await cli.json(["volume", "list"])) as { volumes: { name: string; box: string | null }[] };
    expect(volumes.find((volume) => volume.name === keptVolume)).toMatchObject({ box: null, madeFor: "doomed" });
    await ok("create", "heir", "--additional", "--volume", keptVolume);
    expect(await script("heir", "cat file")).toBe("kept");
    expect((await cli.run(["volume", "remove", keptVolume, "--yes"])).exitCode).toBe(5);
    await ok("destroy", "heir", "--yes");
    const left = await Promise.all(
      [
        ["ps", "-a", "--format", "{{.Names}}"],
        ["volume", "ls", "--format", "{{.Name}}"],
      ].map((args) => podmanOk(args, { user })),
    );
    expect(left.join("\n")).not.toMatch(/doomed|heir/);
  });

  describe("when others meddle", () => {
    it("says that a container was removed, and makes it again on its home [P-07]", async () => {
      await ok("create", "meddled", "--additional");
      await script("meddled", "echo still-here > file");
      await podmanOk(["rm", "--force", "--time", "0", `${namespace}-meddled`], { user });
      expect(await states()).toMatchObject({ meddled: "gone" });
      const refused = await cli.run(["start", "meddled"]);
      expect(refused).toMatchObject({ exitCode: 5 });
      expect(refused.stderr).toContain("devbox-ctl start meddled --recreate");
      expect((await cli.run(["doctor"])).stdout).toContain("the container of meddled was removed by other hands");
      await ok("start", "meddled", "--recreate");
      expect(await script("meddled", "cat file")).toBe("still-here");
      await ok("destroy", "meddled", "--yes");
    });

    it("lets a box go on that was paused, or stops it, and says which it is [FR-025] [X-06]", async (context) => {
      const pause = () => podman(["pause", `${namespace}-api`], { user });
      const { exitCode, stderr } = await pause();
      context.skip(exitCode !== 0, `this engine cannot pause: ${stderr}`);
      expect(await states()).toMatchObject({ api: "paused" });
      expect((await cli.run(["doctor"])).stdout).toContain("api was paused by other hands");
      await ok("start", "api");
      expect(await script("api", "echo on")).toBe("on");
      await pause();
      await ok("stop", "api");
      expect(await states()).toMatchObject({ api: "stopped" });
      await ok("start", "api");
    });

    it("says that a box was stopped, in no other words than its own", async () => {
      await podmanOk(["stop", "--time", "10", `${namespace}-api`], { user });
      const { exitCode, stdout, stderr } = await exec("api", "true");
      const lines = stderr.split("\n").map((line) => line.trim());
      expect([exitCode, stdout, ...lines]).toEqual([5, "", "Error: api is stopped.", "→ devbox-ctl start api"]);
      await ok("start", "api");
      // What runs is seen to do so without Podman, so that sessions need not wait for it.
      const id = await podmanOk(["inspect", "--format", "{{.Id}}", `${namespace}-api`], { user });
      expect(leavesTrace(id, user && [user.env.XDG_RUNTIME_DIR ?? ""])).toBe(true);
    });

    it("rebuilds a lost and a damaged ledger from labels [X-06]", async () => {
      const before = (await cli.json(["list"])) as Listed;
      await cli.run(["exec", "api", "--", "true"]);
      for (const damage of ["rm -f ", "truncate -s 0 ", "dd if=/dev/urandom bs=4096 count=2 status=none of="]) {
        const file = `${cli.stateDir}/ledger.db`;
        const argv = ["sh", "-c", `rm -f ${file}-wal ${file}-shm; ${damage}${file}`];
        await (user === undefined ? runClean(argv, benchEnv()) : user.run(argv));
        await cli.run(["doctor", "--fix"]);
        const after = (await cli.json(["list"])) as Listed;
        expect(after.boxes.map(({ name, state }) => [name, state])).toEqual(
          before.boxes.map(({ name, state }) => [name, state]),
        );
        expect(after.slots).toEqual(before.slots);
        expect((await cli.run(["doctor"])).stdout).toMatch(/^ {2}(All is well|0 problems)/m);
      }
      expect(await script("api", "cat work.txt")).toBe("precious");
    });

    it("finds volumes of no box, and never touches a home [X-06]", async () => {
      const labels = ["namespace", "kind", "box", "id", "owner"].map((key) => `devbox-ctl.${key}`);
      const make = (name: string, kind: string) => {
        const values = [namespace, kind, "ghost", "ghost123", user?.name ?? "root"];
        return podmanOk(
          ["volume", "create", ...labels.flatMap((l, i) => ["--label", `${l}=${String(values[i])}`]), name],
          { user },
        );
      };
      await make(`${namespace}-ghost-private`, "private");
      await make(`${namespace}-ghost-home`, "home");
      expect((await cli.run(["doctor"])).exitCode).toBe(11);
      await ok("doctor", "--fix");
      const left = await podman(["volume", "ls", "--format", "{{.Name}}"], { user });
      expect(left.stdout).toContain(`${namespace}-ghost-home`);
      expect(left.stdout).not.toContain(`${namespace}-ghost-private`);
      await ok("volume", "remove", `${namespace}-ghost-home`, "--yes");
    });
  });
}
