import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, expect, it } from "vitest";
import { openLedger } from "../../src/adapters/sqlite/ledger.ts";
import { DEFAULTS } from "../../src/core/config/defaults.ts";
import { testCli } from "../support/cli.ts";
import { testName } from "../support/ids.ts";
import { testImage } from "../support/image.ts";
import { removeTestObjects } from "../support/podman.ts";
import { httpReceiver } from "../support/receivers.ts";
import { openTerminal } from "../support/tmux.ts";

// From an idle box to its stop, by the built program: who is told what, where, and what waits for it.

const OFF = { terminal: false, connection: false, cpu: false, agent: false, workspace: false, network: false };

afterAll(() => removeTestObjects());

it("is stopped after its owner was told by a channel, and not before [FR-034, FR-036, X-05]", async () => {
  let isUp = false;
  await using hook = await httpReceiver((response) => response.writeHead(isUp ? 204 : 503).end());
  const name = testName("told").slice(0, 60);
  const config = {
    image: await testImage(),
    lifecycle: { stopAfterIdle: "4s", notice: "2s", reminder: "never", grace: "1s", activity: { signals: OFF } },
    notify: [{ type: "webhook", url: hook.url }],
  };
  await using cli = await testCli({ config });
  await cli.json(["create", name]);
  const ledger = openLedger({ stateDir: cli.stateDir, config: DEFAULTS, isAlive: () => true });
  const notices = () => ledger.notices({}).map(({ kind, deliveries }) => ({ kind, deliveries }));
  await sleep(5000);

  // Nobody hears it: whatever time passes, the box runs.
  for (let run = 0; run < 3; run += 1) {
    await cli.run(["reap"]);
    await sleep(2000);
  }
  expect(hook.got).toHaveLength(1);
  expect(notices().map(({ kind }) => kind)).toEqual(["stop"]);
  expect(notices()[0]?.deliveries.map(({ channel, deliveredAt }) => [channel, deliveredAt])).toEqual([
    ["box", undefined],
    ["webhook", undefined],
  ]);
  expect(ledger.boxByName(name)?.stoppedAt).toBeUndefined();

  // Its next login shows it; that is use, too, of which the reaper here knows nothing.
  const session = ["podman", "exec", "-it", "--user", "dev", ledger.boxByName(name)?.containerId ?? ""];
  {
    await using terminal = await openTerminal([...session, "/usr/libexec/devbox/session", "--shell"], {
      env: cli.env,
      cols: 140,
    });
    await terminal.waitFor(`${name} is stopped on`);
    await terminal.type("exit");
    await terminal.press("Enter");
    await terminal.exitCode();
  }
  isUp = true;
  // Five minutes later the reaper asks again.
  for (const { id, deliveries } of ledger.notices({})) {
    for (const each of deliveries) ledger.recordDelivery(id, { ...each, triedAt: Date.now() - 6 * 60_000 });
  }
  await cli.run(["reap"]);
  expect(notices()[0]?.deliveries.every(({ deliveredAt }) => deliveredAt !== undefined)).toBe(true);
  expect(hook.got).toHaveLength(2);
  const [first, second] = hook.got.map(({ body }) => JSON.parse(body) as { id: string; body: string });
  expect(second?.id).toBe(first?.id);
  await sleep(2500);
  await cli.run(["reap"]);
  expect(ledger.boxByName(name)?.stoppedAt).toBeDefined();
  expect(JSON.parse(hook.got.at(-1)?.body ?? "")).toMatchObject({
    kind: "stopped",
    subject: `${name} was stopped: nobody used it`,
  });
  {
    await using terminal = await openTerminal([...cli.argv, "list"], { env: cli.env, cols: 140 });
    expect(await terminal.exitCode()).toBe(0);
    expect(await terminal.capture()).toContain(`${name} was stopped: nobody used it (devbox-ctl start ${name})`);
  }
  ledger.close();
});
