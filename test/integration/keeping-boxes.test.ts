import { execa } from "execa";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { DAY } from "../../src/core/time.ts";
import { testCli, type TestCli } from "../support/cli.ts";
import { testName } from "../support/ids.ts";
import { testImage } from "../support/image.ts";
import { expectValid } from "../support/schema.ts";
import { waitFor } from "../support/wait.ts";

// Holds, schedules, policies and why, with the built program on real Podman.

let cli: TestCli;
const box = testName("kept");

beforeAll(async () => {
  const limits = { memory: "256MiB", reserve: { memory: "64MiB", disk: "64MiB" } };
  cli = await testCli({ config: { image: await testImage(), limits }, env: { TZ: "Europe/Berlin" } });
});
afterAll(async () => {
  await cli.run(["destroy", box, "--yes"]);
  await cli.remove();
});

const text = async (...args: string[]): Promise<string> => {
  const { stdout, stderr, exitCode } = await cli.run(args);
  expect(stderr).toBe("");
  expect(exitCode).toBe(0);
  return stdout;
};
const listed = async () => expectValid("list", await cli.json(["list"])).boxes[0];
const why = async () => expectValid("why", await cli.json(["why", box]));

describe("a box that is kept", () => {
  it("is told of at its creation, by the policy that it has [FR-036]", async () => {
    const { stdout, exitCode } = await cli.run(["create", box, "--yes"]);
    expect(exitCode).toBe(0);
    expect(stdout).toContain(
      "  It stops after 7 days without use, and is destroyed 14 days after that; you will be told before.",
    );
    expect(await listed()).toMatchObject({ next: { action: "stop", reason: "in-use" }, heldUntil: null });
  });

  it("is held for a time, which everything says, until it is released [X-03] [X-02]", async () => {
    const held = expectValid("hold", await cli.json(["hold", box, "--for", "3d", "--reason", "night run"]));
    expect(held).toMatchObject({ changed: true, hold: { reason: "night run", ofCommand: false } });
    const { until: end } = held.hold;
    expect((Date.parse(end) - Date.now()) / DAY).toBeCloseTo(3, 2);
    expect(expectValid("hold", await cli.json(["hold", box, "--for", "1d"]))).toMatchObject({ changed: false });
    expect(await listed()).toMatchObject({ next: { action: "stop", reason: "held" }, heldUntil: end });
    expect(expectValid("status", await cli.json(["status", box])).heldUntil).toBe(end);
    expect(await why()).toMatchObject({ observed: true, reason: "held", hold: { until: end, reason: "night run" } });
    expect(await text("list")).toMatch(/held until \d+ [A-Z][a-z]{2}/);
    expect(await text("why", box)).toMatch(/ {2}It is held until .* \(by \S+: "night run"\)\.\n/);
    expect(expectValid("release", await cli.json(["release", box]))).toMatchObject({ changed: true, left: null });
    expect(expectValid("release", await cli.json(["release", box]))).toMatchObject({ changed: false, released: [] });
    expect((await why()).hold).toBeNull();
  });

  it("is held as long as a command runs in it, with its streams and its exit code [X-03]", async () => {
    const script = "read line; echo got $line; echo err >&2; exit 7";
    const ran = await cli.run(["hold", box, "--while", "--", "sh", "-c", script], { input: "word\n" });
    expect(ran).toMatchObject({ stdout: "got word", stderr: "err", exitCode: 7 });
    expect(await listed()).toMatchObject({ heldUntil: null, lastUsedBy: "hold" });
    const json = await cli.run(["hold", box, "--while", "--json", "--", "true"]);
    expect(json.exitCode).toBe(2);
    // What is after -- is the command's, also what looks like ours.
    expect((await cli.run(["hold", box, "--while", "--", "echo", "--", "--json"])).stdout).toBe("-- --json");
  });

  it("is not held any more when that command's process is killed by SIGKILL [X-03]", async () => {
    const [file = "", ...words] = cli.argv;
    const running = execa(file, [...words, "hold", box, "--while", "--", "sleep", "120"], {
      ...{ env: cli.env, extendEnv: false, reject: false, stdio: "ignore" },
    });
    try {
      await waitFor(async () => {
        expect((await listed())?.heldUntil).not.toBeNull();
      });
      const long = Date.parse((await listed())?.heldUntil ?? "") - Date.now();
      expect(long / DAY).toBeCloseTo(14, 2);
      expect((await why()).reason).toBe("held");
    } finally {
      running.kill("SIGKILL");
    }
    expect((await running).signal).toBe("SIGKILL");
    expect(await listed()).toMatchObject({ heldUntil: null });
    // What it ran may still be at work in the box, which is use; it does not hold the box.
    expect((await why()).hold).toBeNull();
  });

  it("is held by a file in it, which release names and does not remove [X-03]", async () => {
    const file = "/home/dev/.devbox-hold";
    await text("exec", box, "--", "sh", "-c", `: >${file}`);
    expect((await why()).hold?.by).toContain(file);
    expect(expectValid("release", await cli.json(["release", box])).left?.by).toContain(file);
    expect((await why()).commands).toContain(`devbox-ctl exec ${box} -- rm ${file}`);
    await text("exec", box, "--", "rm", file);
    expect((await why()).hold).toBeNull();
  });

  it("is started and stopped by a schedule, of which the next moments are shown [X-16]", async () => {
    const set = ["schedule", "set", box, "--start", "0 8 * * mon-fri", "--stop", "0 19 * * *"];
    const { schedule } = expectValid("schedule", await cli.json(set));
    expect(schedule).toMatchObject({ zone: "Europe/Berlin" });
    expect(schedule?.nextStops).toHaveLength(3);
    const [stop = ""] = schedule?.nextStops ?? [];
    expect(await listed()).toMatchObject({ next: { action: "stop" } });
    expect((await why()).schedule).toMatchObject({ nextStop: stop, nextStart: schedule?.nextStarts[0] });
    expect(await text("schedule", "show", box)).toMatch(
      /start {3}0 8 \* \* mon-fri\n.* 08:00 · .*zone {4}Europe\/Berlin/s,
    );
    expect(await text("list")).toMatch(/stops (?:today|Mon|Tue|Wed|Thu|Fri|Sat|Sun) \d\d:\d\d/);
    const refused = await cli.run(["schedule", "set", box, "--start", "*/5 * * * *", "--json"]);
    expect(refused.exitCode).toBe(2);
    expect(JSON.parse(refused.stdout)).toMatchObject({ error: { code: "INVALID_SCHEDULE" } });
    expect(expectValid("schedule", await cli.json(["schedule", "clear", box]))).toMatchObject({ schedule: null });
  });

  it("has a policy of its own within the bounds, and goes back to the host's [FR-034] [FR-035]", async () => {
    const set = ["policy", "set", box, "--stop-after", "3d"];
    expect(expectValid("policy", await cli.json(set))).toMatchObject({
      ...{ changed: true, stopAfterIdle: { span: "3d", from: "box" } },
      destroyAfterStopped: { span: "14d", from: "host" },
    });
    expect(await text("policy", "show", box)).toContain("stopped after     3d   chosen for this box");
    expect((await why()).policy.stopAfterIdle).toBe("3d");
    const refused = await cli.run(["policy", "set", box, "--stop-after", "never"]);
    expect(refused).toMatchObject({
      exitCode: 6,
      stderr: expect.stringContaining("lifecycle.bounds.stopAfterIdle") as unknown,
    });
    expect(expectValid("policy", await cli.json(["policy", "clear", box])).stopAfterIdle.from).toBe("host");
  });

  it("says when it is stopped why it is, and what becomes of it [X-02]", async () => {
    await cli.json(["stop", box]);
    const screen = await text("why", box);
    expect(screen).toMatch(new RegExp(`^ {2}${box} is stopped since \\d+ \\w+ \\d\\d:\\d\\d \\(by you\\)\\.\\n`));
    expect(screen).toMatch(
      / {2}Next: destroyed on .*, at the reaper's next run after that\. Its home \(.*\) is archived/,
    );
    expect(screen).toContain(`  To keep it: devbox-ctl start ${box} · devbox-ctl hold ${box} --for 3d`);
    expect(await why()).toMatchObject({ state: "stopped", observed: null, next: { action: "destroy" } });
    expect(await text("list")).toContain("destroyed in 14 days unless started");
    const refused = await cli.run(["hold", box, "--while", "--", "true"]);
    expect(refused).toMatchObject({ exitCode: 5, stderr: expect.stringContaining(`${box} is stopped`) as unknown });
  });
});
