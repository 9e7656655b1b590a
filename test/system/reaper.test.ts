import process from "node:process";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { testHost, type TestHost } from "../support/host.ts";
import type { SshSession } from "../support/host-ssh.ts";
import { scrape } from "../support/prometheus.ts";
import { waitFor } from "../support/wait.ts";

// The reaper of an orchestrator: its own units, called by their real timers, which come every few seconds here. Spans are
// shortened to seconds; everything else is as on any host.

const MINUTE = 60_000;
const isRoot = process.getuid?.() === 0;
const NODE = "/opt/devbox-src/node_modules/node/bin/node";

/** Takes notices, and keeps them one a line; says 500 as long as /run/told.refuse is there. */
const RECEIVER = `const fs = require("node:fs");
require("node:http").createServer((request, response) => {
  let body = "";
  request.on("data", (part) => (body += part)).on("end", () => {
    const refused = fs.existsSync("/run/told.refuse");
    if (!refused) fs.appendFileSync("/run/told", JSON.stringify({ got: Date.now(), ...JSON.parse(body) }) + "\\n");
    response.writeHead(refused ? 500 : 200).end();
  });
}).listen(8025, "127.0.0.1");
`;

const LIFECYCLE = {
  ...{ stopAfterIdle: "20s", destroyAfterStopped: "20s", notice: "8s", reminder: "never", grace: "3s" },
  bounds: { stopAfterIdle: { min: "1s" }, destroyAfterStopped: { min: "1s" } },
};
const NEVER = { stopAfterIdle: "never", destroyAfterStopped: "never" };

interface Told {
  readonly got: number;
  readonly box: string;
  readonly kind: string;
  readonly subject: string;
}

let host: TestHost;
let alice: SshSession;
let bob: SshSession;
let carol: SshSession;

const told = async (box: string): Promise<Told[]> => {
  const { stdout } = await host.root("cat /run/told");
  const all = stdout.split("\n").filter(Boolean);
  return all.map((line) => JSON.parse(line) as Told).filter((each) => each.box === box);
};
const kinds = async (box: string): Promise<string[]> => (await told(box)).map(({ kind }) => kind);
const stateOf = async (who: SshSession, box: string): Promise<string | undefined> => {
  const { boxes } = JSON.parse((await who.run("devbox-ctl list --json")).stdout) as {
    boxes: { name: string; state: string }[];
  };
  return boxes.find(({ name }) => name === box)?.state;
};
const untilState = (who: SshSession, box: string, state: string | undefined, limit = MINUTE): Promise<void> =>
  waitFor(async () => expect(await stateOf(who, box)).toBe(state), limit, 1000);
const configured = async (change: (config: Record<string, unknown>) => void): Promise<void> => {
  const config = JSON.parse(await host.rootOk("cat /etc/devbox/config.yaml")) as Record<string, unknown>;
  change(config);
  await host.rootOk("cat >/etc/devbox/config.yaml", { input: JSON.stringify(config) });
};
/** Has a unit's timer come every few seconds, as an administrator would: by a drop-in. The unit is not started by hand. */
const often = async (name: string, seconds: number): Promise<void> => {
  const lines = ["[Timer]", "OnCalendar=", `OnCalendar=*:*:0/${seconds}`, "RandomizedDelaySec=0", "AccuracySec=100ms"];
  const folder = `/etc/systemd/system/${name}.timer.d`;
  await host.rootOk(
    `mkdir -p ${folder}; cat >${folder}/often.conf; systemctl daemon-reload; systemctl restart ${name}.timer`,
    {
      input: `${lines.join("\n")}\n`,
    },
  );
};

beforeAll(async () => {
  if (!isRoot) return;
  host = await testHost();
  await host.install({
    config: {
      users: { alice: {}, bob: { lifecycle: NEVER } },
      lifecycle: LIFECYCLE,
      notify: [{ type: "webhook", url: "http://127.0.0.1:8025/" }],
    },
  });
  await host.image();
  await host.rootOk("cat >/opt/receiver.cjs", { input: RECEIVER });
  await host.rootOk(`systemd-run --unit=receiver ${NODE} /opt/receiver.cjs`);
  alice = await host.addUser("alice");
  bob = await host.addUser("bob");
  carol = await host.addUser("carol", { groups: ["wheel"] });
}, 600_000);
afterAll(() => (isRoot ? host.stop() : undefined));
beforeEach((ctx) => {
  ctx.skip(!isRoot, "starting a host needs root");
});

describe("a box that nobody uses", () => {
  it(
    "is announced, stopped, announced again, put away and destroyed by the timer alone; one in use is not [FR-034] [FR-035] [FR-036] [X-02] [X-04]",
    { timeout: 4 * MINUTE },
    async () => {
      for (const name of ["idle", "used"]) {
        expect(await alice.run(`devbox-ctl create ${name} --additional`)).toMatchObject({ exitCode: 0 });
      }
      await alice.run(
        "devbox-ctl exec idle -- sh -c 'echo precious >kept; trap \"echo saved >saved; exit\" TERM; (while :; do sleep 1; done) >/dev/null 2>&1 &'",
      );
      const working = alice.run("devbox-ctl exec used -- sleep 100");
      await often("devbox-reaper", 5);
      await untilState(alice, "idle", "stopped", 2 * MINUTE);
      await untilState(alice, "idle", undefined, 2 * MINUTE);
      expect(await host.rootOk("systemctl show -p LastTriggerUSec --value devbox-reaper.timer")).not.toBe("n/a");
      const all = await told("idle");
      expect(all.map(({ kind }) => kind)).toEqual(["stop", "stopped", "destroy", "destroyed"]);
      const [stop, stopped, destroy, destroyed] = all.map(({ got }) => got) as [number, number, number, number];
      expect(stopped - stop).toBeGreaterThanOrEqual(8000);
      expect(destroyed - destroy).toBeGreaterThanOrEqual(8000);
      expect(await host.rootOk("ls /var/lib/devbox/archives")).not.toBe("");
      const audit = await carol.run("devbox-ctl audit --box idle --json");
      const acts = (JSON.parse(audit.stdout) as { records: { command: string; user: string }[] }).records;
      expect(acts.filter(({ user }) => user === "devbox").map(({ command }) => command)).toEqual(["stop", "destroy"]);
      // It was looked at as often.
      expect(await stateOf(alice, "used")).toBe("running");
      expect(await kinds("used")).toEqual([]);
      expect(await host.rootOk("systemctl show -p Result --value devbox-reaper.service")).toBe("success");
      expect((await working).exitCode).toBe(0);
      const restored = await alice.run("devbox-ctl restore idle && devbox-ctl exec idle -- cat kept");
      expect(restored.stdout).toContain("precious");
      expect(await alice.run("devbox-ctl destroy idle --yes")).toMatchObject({ exitCode: 0 });
    },
  );

  it(
    "stays when its home cannot be put away, and the unit has failed [X-05] [X-10]",
    { timeout: 4 * MINUTE },
    async () => {
      await configured((config) => (config.lifecycle = { ...LIFECYCLE, archive: { quota: "4KiB" } }));
      expect(await alice.run("devbox-ctl create large --additional")).toMatchObject({ exitCode: 0 });
      await alice.run("devbox-ctl exec large -- sh -c 'head -c 300000 /dev/urandom >kept'");
      expect(await alice.run("devbox-ctl stop large")).toMatchObject({ exitCode: 0 });
      await waitFor(async () => expect(await kinds("large")).toContain("trouble"), 2 * MINUTE, 1000);
      await waitFor(
        async () =>
          expect(await host.rootOk("systemctl --failed --plain --no-legend")).toContain("devbox-reaper.service"),
        MINUTE,
        200,
      );
      expect(await stateOf(alice, "large")).toBe("stopped");
      expect((await kinds("large")).filter((kind) => kind === "trouble")).toHaveLength(1);
      const doctor = await carol.run("devbox-ctl doctor");
      expect(doctor.stdout).toMatch(/the reaper's last run .* failed with large/);
      await configured((config) => (config.lifecycle = LIFECYCLE));
      await untilState(alice, "large", undefined, 2 * MINUTE);
      await waitFor(
        async () => expect(await host.rootOk("systemctl --failed --plain --no-legend")).not.toContain("devbox-reaper"),
        MINUTE,
        500,
      );
    },
  );

  it("stays as long as nobody could be told [FR-036] [X-04]", { timeout: 4 * MINUTE }, async () => {
    await host.rootOk("touch /run/told.refuse");
    expect(await alice.run("devbox-ctl create deaf --additional")).toMatchObject({ exitCode: 0 });
    // The line at alice's next command would be a delivery: only carol asks from here on.
    const why = async () => (await carol.run("devbox-ctl why deaf")).stdout;
    await waitFor(async () => expect(await why()).toMatch(/not delivered|nobody/i), 2 * MINUTE, 1000);
    await new Promise((resolve) => setTimeout(resolve, 15_000));
    expect(await carol.run("devbox-ctl status deaf --json")).toMatchObject({
      stdout: expect.stringContaining('"state": "running"') as unknown,
    });
    expect(await host.rootOk("systemctl show -p Result --value devbox-reaper.service")).toBe("success");
    await host.rootOk("rm /run/told.refuse");
  });
});

describe("the other timers", () => {
  it("start a box by its schedule within a minute [X-03]", { timeout: 4 * MINUTE }, async () => {
    await often("devbox-schedule", 5);
    expect(await bob.run("devbox-ctl create dawn --no-start")).toMatchObject({ exitCode: 0 });
    const soon = new Date(Date.now() + 70_000);
    const cron = `${soon.getUTCMinutes()} ${soon.getUTCHours()} * * *`;
    expect(await bob.run(["devbox-ctl", "schedule", "set", "dawn", "--start", cron, "--tz", "UTC"])).toMatchObject({
      exitCode: 0,
    });
    expect(await stateOf(bob, "dawn")).toBe("stopped");
    await untilState(bob, "dawn", "running", 2 * MINUTE);
    const { minute, hour } = { minute: soon.getUTCMinutes(), hour: soon.getUTCHours() };
    const now = new Date();
    expect([now.getUTCHours(), now.getUTCMinutes()]).toEqual([hour, minute]);
    // What its owner does next is not overruled: the moment is done with.
    expect(await bob.run("devbox-ctl stop dawn")).toMatchObject({ exitCode: 0 });
    await new Promise((resolve) => setTimeout(resolve, 12_000));
    expect(await stateOf(bob, "dawn")).toBe("stopped");
  });

  it("write figures that a scraper can read, and nobody else [X-16]", { timeout: 2 * MINUTE }, async () => {
    await often("devbox-metrics", 5);
    const file = "/run/devbox-metrics/devbox.prom";
    await waitFor(() => host.rootOk(`test -s ${file}`), MINUTE, 500);
    expect(await host.rootOk(`stat -c '%a %U %G' /run/devbox-metrics ${file}`)).toBe(
      "750 devbox devbox\n640 devbox devbox",
    );
    const samples = scrape(`${await host.rootOk(`cat ${file}`)}\n`);
    const value = (name: string, labels = {}) =>
      samples.find((each) => each.name === `devbox_${name}` && JSON.stringify(each.labels) === JSON.stringify(labels))
        ?.value;
    expect(value("engine_up")).toBe(1);
    expect(value("host_boxes_limit")).toBe(7);
    expect(value("reaper_last_run_failed", { run: "all" })).toBe(0);
    expect(Date.now() / 1000 - (value("reaper_last_run_timestamp_seconds", { run: "schedules" }) ?? 0)).toBeLessThan(
      60,
    );
    expect(await alice.run("devbox-ctl metrics")).toMatchObject({ exitCode: 4 });
    expect((await carol.run("devbox-ctl metrics --output /var/lib/devbox/x")).exitCode).toBe(4);
    expect(scrape(`${(await carol.run("devbox-ctl metrics")).stdout}\n`).length).toBeGreaterThan(5);
  });
});
