import { userInfo } from "node:os";
import { afterAll, expect, it } from "vitest";
import { openLedger } from "../../src/adapters/sqlite/ledger.ts";
import { DEFAULTS } from "../../src/core/config/defaults.ts";
import type { NoticeRecord } from "../../src/core/lifecycle/records.ts";
import { SPEC_VERSION } from "../../src/core/spec-text.ts";
import { DAY } from "../../src/core/time.ts";
import { type TestCli, testCli } from "../support/cli.ts";
import { removeTestObjects } from "../support/podman.ts";
import { httpReceiver, mailReceiver } from "../support/receivers.ts";
import { expectValid } from "../support/schema.ts";
import { openTerminal } from "../support/tmux.ts";

// `notify test`, and what is said below other commands, by the built program.

afterAll(() => removeTestObjects());

it("notify test says of each channel what came of it, and ends with 11 when one failed [X-05]", async () => {
  await using hook = await httpReceiver();
  await using mail = await mailReceiver();
  const user = userInfo().username;
  const email = { type: "email", host: "127.0.0.1", port: mail.port, security: "none", from: "devbox@example.com" };
  await using cli = await testCli({
    config: {
      host: { name: "orchestrator" },
      notify: [{ type: "webhook", url: `${hook.url}/hook` }, email, { type: "command", argv: ["/bin/false"] }],
      users: { [user]: { email: "me@example.com" } },
    },
  });
  const { stdout, stderr, exitCode } = await cli.run(["notify", "test"]);
  expect({ exitCode, stderr }).toEqual({ exitCode: 11, stderr: "" });
  expect(stdout).toMatch(/✓ webhook {2}delivered for \S+ +\d/);
  expect(stdout).toMatch(/✓ email {4}delivered for/);
  expect(stdout).toMatch(/✗ command {2}the command "\/bin\/false" did not deliver the notice. It ended with 1./);
  expect(JSON.parse(hook.got[0]?.body ?? "")).toMatchObject({ kind: "test", box: null, host: "orchestrator" });
  expect(mail.got[0]?.to).toEqual(["me@example.com"]);
  expect(mail.got[0]?.text).toContain("Subject: [orchestrator] This is a test from orchestrator");

  const json = await cli.run(["notify", "test", "--json"]);
  expect(json.exitCode).toBe(11);
  expectValid("notify-test", JSON.parse(json.stdout));
  await cli.writeConfig({});
  expect((await cli.run(["notify", "test"])).stdout).toContain("No channels are configured");
  expect(await cli.run(["notify", "test", "--user", "nobody"])).toMatchObject({ exitCode: 2 });
});

/** The ledger of the program's state directory, with a box of ours and a warning about it. */
async function warned(cli: TestCli) {
  await cli.run(["list"]);
  const ledger = openLedger({ stateDir: cli.stateDir, config: DEFAULTS, isAlive: () => false });
  const now = Date.now();
  const owner = userInfo().username;
  const spec = {
    ...{ version: SPEC_VERSION, image: "localhost/none", cpus: 1, memory: 1e9, pids: 100, home: "h", private: "p" },
    ...{ idmap: undefined, services: [], readOnly: false },
  };
  const of = { id: "abcd1234", name: "web", owner, desired: "running", createdAt: now - 9 * DAY } as const;
  ledger.adopt({ ...of, spec: spec as never, containerId: "0".repeat(64), lastUsedAt: now - 5 * DAY });
  const warning = { kind: "stop", stage: "first", since: now - 5 * DAY, deadline: now + 2 * DAY } as const;
  ledger.addNotice({ ...warning, boxId: of.id, boxName: "web", owner, subject: "s", body: "b", createdAt: now });
  const line = () => ledger.notices({})[0]?.deliveries.find(({ channel }) => channel === "line");
  return {
    ledger,
    line,
    owner,
    [Symbol.dispose]: () => {
      ledger.close();
    },
  };
}

it("a warning is below its owner's next command, where they read it, and counts then [FR-036, X-05]", async () => {
  await using cli = await testCli();
  using it = await warned(cli);
  // Nobody reads these, or not as a person.
  expect((await cli.run(["list"])).stderr).not.toContain("web is stopped");
  const silent = ["list --json", "list --quiet", "complete --shell bash -- devbox-ctl ''", "ssh --stdio web"];
  for (const words of silent) {
    const argv = ["sh", "-c", `"$@" >/dev/null </dev/null`, "sh", ...cli.argv, ...words.split(" ")];
    await using terminal = await openTerminal(argv, { env: cli.env });
    await terminal.exitCode();
    expect(await terminal.capture(), words).not.toContain("web is stopped");
  }
  expect(it.line()).toBeUndefined();
  {
    await using terminal = await openTerminal([...cli.argv, "list"], { env: cli.env, cols: 140 });
    expect(await terminal.exitCode()).toBe(0);
    const screen = await terminal.capture();
    expect(screen).toMatch(
      /\n {2}! web is stopped on \w{3} \d+ \w+ \d{4}, \d\d:\d\d \S+ unless it is used \(devbox-ctl why web\)/,
    );
  }
  expect(it.line()).toMatchObject({ attempts: 1, problem: undefined });
  expect(it.line()?.deliveredAt).toBeDefined();
  {
    await using terminal = await openTerminal([...cli.argv, "status", "nothing"], { env: cli.env, cols: 140 });
    expect(await terminal.exitCode()).toBe(3);
    // Once an hour is enough.
    expect(await terminal.capture()).not.toContain("web is stopped");
  }
  it.ledger.touch("abcd1234", Date.now(), "ssh");
  const [notice] = it.ledger.notices({}) as [NoticeRecord];
  it.ledger.recordDelivery(notice.id, { ...notice.deliveries[0]!, triedAt: Date.now() - DAY });
  {
    // It was used since.
    await using terminal = await openTerminal([...cli.argv, "list"], { env: cli.env, cols: 140 });
    expect(await terminal.exitCode()).toBe(0);
    expect(await terminal.capture()).not.toContain("web is stopped");
  }
});
