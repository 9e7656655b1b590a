import { describe, expect, it } from "vitest";
import { DEFAULTS } from "../../src/core/config/defaults.ts";
import { DevboxError } from "../../src/core/errors.ts";
import { IMAGE } from "../../src/core/image-contract.ts";
import { DAY, HOUR, MINUTE } from "../../src/core/time.ts";
import type { ProgramRun } from "../../src/ports/engine.ts";
import type { Channel, Message } from "../../src/ports/notifier.ts";
import { create } from "../../src/usecases/create.ts";
import { destroy } from "../../src/usecases/destroy.ts";
import { announce, tellInBox, tellOf, withdraw } from "../../src/usecases/notices/announce.ts";
import { noticeLines } from "../../src/usecases/notices/line.ts";
import { deliverPending } from "../../src/usecases/notices/pending.ts";
import { notifyTest } from "../../src/usecases/notices/try-out.ts";
import { start, stop } from "../../src/usecases/start.ts";
import { codeOf, createInput, World } from "../fakes/world.ts";

/** A channel that keeps what it is given, and fails while it is told to. */
class Receiver implements Channel {
  readonly got: Message[] = [];
  problem: string | undefined;
  reaches?: (message: Pick<Message, "email">) => boolean;
  before: () => Promise<void> = () => Promise.resolve();
  readonly name: string;
  constructor(name: string) {
    this.name = name;
  }
  deliver = async (message: Message): Promise<void> => {
    await this.before();
    if (this.problem !== undefined) throw new DevboxError("NOTIFY_FAILED", this.problem, { why: "in its words" });
    this.got.push(message);
  };
}

/** Alice's box `web`, idle since it was made, in a world whose box answers `tell` as it is told. */
async function idle() {
  const world = new World();
  const deps = world.process("alice");
  const input = createInput("web");
  await create(deps, input);
  const box = deps.ledger.boxByName("web")!;
  const runs: ProgramRun[] = [];
  const said = { told: 0, shown: 0, exitCode: 0 };
  world.engine.program = (run) => {
    if (run.argv[0] !== IMAGE.programs.tell) return { exitCode: 0, stdout: "", stderr: "" };
    runs.push(run);
    const stdout = `told=${said.told} terminals=5 shown=${said.shown}\n`;
    return { exitCode: said.exitCode, stdout: said.exitCode === 0 ? stdout : "", stderr: "" };
  };
  const webhook = new Receiver("webhook");
  const email = new Receiver("email");
  email.reaches = ({ email: address }) => address !== undefined;
  world.channels = [webhook, email];
  world.config = { ...DEFAULTS, users: { alice: { email: "alice@example.com" } } };
  world.now += 5 * DAY;
  const since = box.lastUsedAt ?? box.createdAt;
  const first = () => ({ kind: "stop", stage: "first", since, deadline: world.now + 2 * DAY, archived: true }) as const;
  const reaper = (pid = 9) => world.process("devbox", pid);
  const notice = () => reaper().ledger.notices({ boxId: box.id })[0];
  const delivery = (channel: string) => notice()?.deliveries.find((each) => each.channel === channel);
  return { world, box, webhook, email, runs, said, since, first, reaper, notice, delivery };
}

type Idle = Awaited<ReturnType<typeof idle>>;
const idleWorld = async (act: (it: Idle) => Promise<void>): Promise<void> => {
  const it = await idle();
  try {
    await act(it);
  } finally {
    it.world[Symbol.dispose]();
  }
};

describe("a notice", () => {
  it("goes by every channel and into the box, and each delivery is written down [FR-036, X-05]", () =>
    idleWorld(async ({ reaper, box, first, webhook, email, runs, said, notice, world }) => {
      said.told = 1;
      expect(await announce(reaper(), box, first())).toBe(true);
      for (const channel of [webhook, email]) {
        expect(channel.got).toHaveLength(1);
        expect(channel.got[0]).toMatchObject({
          ...{ kind: "stop", stage: "first", boxName: "web", owner: "alice", email: "alice@example.com" },
          ...{ deadline: world.now + 2 * DAY, subject: expect.stringContaining("web is stopped on") as string },
        });
      }
      expect(runs).toHaveLength(1);
      expect(runs[0]).toMatchObject({ argv: [IMAGE.programs.tell, "--id", webhook.got[0]?.id], user: "root" });
      expect(runs[0]?.input).toContain("devbox-ctl hold web --for 3d");
      expect(
        notice()
          ?.deliveries.map(({ channel, deliveredAt }) => [channel, deliveredAt])
          .sort(),
      ).toEqual(["box", "email", "webhook"].map((name) => [name, world.now]));
    }));

  it("is one, however often it is announced, and never sent twice by what delivered it [X-05]", () =>
    idleWorld(async ({ reaper, box, first, webhook, world }) => {
      const what = first();
      await announce(reaper(), box, what);
      world.now += MINUTE / 2;
      expect(await announce(reaper(), box, what)).toBe(true);
      world.now += 3 * HOUR;
      await deliverPending(reaper());
      expect(webhook.got).toHaveLength(1);
      expect(reaper().ledger.notices({})).toHaveLength(1);
    }));

  it("is tried again with longer and longer pauses until one channel has it, and says who failed and why [X-05]", () =>
    idleWorld(async ({ reaper, box, first, webhook, email, world, delivery }) => {
      webhook.problem = "it does not answer.";
      email.problem = "it refuses.";
      expect(await announce(reaper(), box, first())).toBe(false);
      const tries = [];
      for (let minute = 0; minute < 24 * 60; minute += 5) {
        world.now += 5 * MINUTE;
        const [left] = await deliverPending(reaper());
        expect(left?.problems).toEqual([
          "box: nobody is at a terminal of the box; its next login shows it.",
          "email: it refuses. in its words",
          "webhook: it does not answer. in its words",
        ]);
        tries.push(delivery("email")?.attempts);
      }
      expect(tries.at(-1)).toBe(10);
      email.problem = undefined;
      world.now += 6 * HOUR;
      expect(await deliverPending(reaper())).toEqual([]);
      expect(delivery("email")).toMatchObject({ attempts: 11, deliveredAt: world.now, problem: undefined });
      // The one that still fails is tried on, and keeps nobody from having been told.
      expect(delivery("webhook")).toMatchObject({ deliveredAt: undefined });
    }));

  it("tells the new time when it comes late, with the same id [FR-036]", () =>
    idleWorld(async ({ reaper, box, first, email, webhook, world }) => {
      email.problem = webhook.problem = "no";
      const ids: string[] = [];
      for (const channel of [email, webhook]) {
        const send = channel.deliver;
        channel.deliver = (message) => {
          ids.push(message.id);
          return send(message);
        };
      }
      await announce(reaper(), box, first());
      world.now += 4 * DAY;
      email.problem = undefined;
      await deliverPending(reaper());
      expect(email.got).toHaveLength(1);
      expect(email.got[0]).toMatchObject({ deadline: world.now + 2 * DAY });
      expect(email.got[0]?.body).toMatch(/^This could not be delivered before/);
      expect(ids).toHaveLength(4);
      expect(new Set(ids).size).toBe(1);
    }));

  it("is delivered although another channel hangs or has a bug [X-05]", () =>
    idleWorld(async ({ reaper, box, first, webhook, email, world, delivery }) => {
      const bug = new Receiver("command");
      bug.before = () => Promise.reject(new TypeError("x is\n  not a function\n"));
      const slow = Promise.withResolvers<undefined>();
      webhook.before = () => slow.promise;
      world.channels = [webhook, bug, email];
      const announced = announce(reaper(), box, first());
      await expect.poll(() => delivery("email")?.deliveredAt).toBe(world.now);
      slow.resolve(undefined);
      expect(await announced).toBe(true);
      expect(delivery("command")).toMatchObject({ problem: "x is not a function", deliveredAt: undefined });
    }));

  it("is sent by one of two reapers at once [X-05]", () =>
    idleWorld(async ({ reaper, box, first, webhook, email, world }) => {
      const what = first();
      await Promise.all([announce(reaper(7), box, what), announce(reaper(8), box, what)]);
      expect([webhook.got.length, email.got.length]).toEqual([1, 1]);
      webhook.problem = "no";
      world.now += DAY;
      const reminder = { ...what, stage: "reminder" } as const;
      await announce(reaper(7), box, reminder);
      webhook.problem = undefined;
      world.now += HOUR;
      await Promise.all([deliverPending(reaper(7)), deliverPending(reaper(8)), deliverPending(reaper(6))]);
      expect(webhook.got).toHaveLength(2);
    }));

  it("is sent again, with the same id, when the reaper was killed after sending it [X-05]", () =>
    idleWorld(async ({ reaper, box, first, email, world, delivery }) => {
      world.channels = [email];
      const killed = reaper(4);
      const send = email.deliver;
      email.deliver = async (message) => {
        await send(message);
        world.kill(4);
      };
      await announce(killed, box, first()).catch(() => undefined);
      expect(email.got).toHaveLength(1);
      expect(delivery("email")).toMatchObject({ attempts: 1, deliveredAt: undefined });
      email.deliver = send;
      // Not at once: the other may be at it still.
      await deliverPending(reaper());
      expect(email.got).toHaveLength(1);
      world.now += 5 * MINUTE;
      expect(await deliverPending(reaper())).toEqual([]);
      expect(email.got.map(({ id }) => id)).toEqual([email.got[0]?.id, email.got[0]?.id]);
    }));

  it("does not go by a channel that does not lead to its owner, which is no failure [X-05]", () =>
    idleWorld(async ({ reaper, box, first, email, webhook, world, notice }) => {
      world.config = { ...DEFAULTS, users: {} };
      expect(await announce(reaper(), box, first())).toBe(true);
      expect([email.got.length, webhook.got.length]).toEqual([0, 1]);
      expect(notice()?.deliveries.map(({ channel }) => channel)).toEqual(["box", "webhook"]);
    }));
});

describe("in the box", () => {
  it("counts when somebody is at a terminal, or a login has shown it, and not before [X-05]", () =>
    idleWorld(async ({ reaper, box, first, said, world, delivery }) => {
      world.channels = [];
      expect(await announce(reaper(), box, first())).toBe(false);
      expect(delivery("box")?.problem).toContain("nobody is at a terminal");
      said.shown = 1;
      world.now += HOUR;
      expect(await deliverPending(reaper())).toEqual([]);
      expect(delivery("box")).toMatchObject({ attempts: 2, deliveredAt: world.now });
    }));

  it("says what is wrong with an older image, and is not tried in a box that is stopped [X-05]", () =>
    idleWorld(async ({ reaper, box, first, said, world, delivery, runs }) => {
      world.channels = [];
      said.exitCode = 127;
      await announce(reaper(), box, first());
      expect(delivery("box")?.problem).toContain("Its image is older than this");
      expect(await tellInBox(reaper(), box.containerId!, "it stops now")).toBe(0);
      await stop(world.process("alice"), { name: "web" });
      const stopped = reaper().ledger.boxById(box.id)!;
      runs.length = 0;
      const what = { ...first(), kind: "destroy", since: stopped.stoppedAt ?? 0 } as const;
      expect(await announce(reaper(), stopped, what)).toBe(false);
      expect(runs).toEqual([]);
    }));

  it("is taken back with its notice [X-05]", () =>
    idleWorld(async ({ reaper, box, first, runs, notice }) => {
      await announce(reaper(), box, first());
      await withdraw(reaper(), notice()!);
      expect(runs.at(-1)?.argv).toEqual([IMAGE.programs.tell, "--clear"]);
      expect(notice()).toBeUndefined();
    }));
});

describe("a warning that is void", () => {
  it("is told nobody any more: its box was used, stopped, started or destroyed meanwhile, or is held [X-05]", () =>
    idleWorld(async ({ reaper, box, first, email, webhook, world, since }) => {
      webhook.problem = email.problem = "no";
      await announce(reaper(), box, first());
      email.problem = webhook.problem = undefined;
      const alice = world.process("alice");
      const until = world.now + DAY;
      const held = { boxId: box.id, by: "alice", reason: "", createdAt: world.now, until, holder: undefined };
      const hold = alice.ledger.addHold(held);
      world.now += HOUR;
      await deliverPending(reaper());
      expect(noticeLines(alice)).toEqual([]);
      alice.ledger.endHold(hold, world.now);
      alice.ledger.touch(box.id, world.now, "ssh");
      expect(await deliverPending(reaper())).toEqual([]);
      expect(reaper().ledger.notices({})).toEqual([]);
      world.now += 5 * DAY;
      await announce(reaper(), box, { ...first(), since: since + 5 * DAY + HOUR });
      expect(email.got).toHaveLength(1);
      expect(noticeLines(alice)).toHaveLength(1);
      await stop(alice, { name: "web" });
      expect(noticeLines(alice)).toEqual([]);
      world.now += DAY;
      const stopped = alice.ledger.boxById(box.id)!;
      await announce(reaper(), stopped, { ...first(), kind: "destroy", since: stopped.stoppedAt ?? 0 });
      expect(noticeLines(alice).map(({ text }) => text)).toEqual([expect.stringContaining("web is destroyed on")]);
      await start(alice, { name: "web", recreate: false });
      expect(noticeLines(alice)).toEqual([]);
      await deliverPending(reaper());
      expect(reaper().ledger.notices({})).toEqual([]);
    }));
});

describe("the line at the next command", () => {
  it("says what is to come and how to keep it, once an hour, and counts when it was written [FR-036, X-05]", () =>
    idleWorld(async ({ reaper, box, first, world, delivery }) => {
      world.channels = [];
      await announce(reaper(), box, first());
      const alice = world.process("alice");
      const [line] = noticeLines(alice);
      expect(line?.text).toMatch(/^web is stopped on .* unless it is used \(devbox-ctl why web\)$/);
      expect(delivery("line")).toBeUndefined();
      line?.seen();
      expect(delivery("line")).toMatchObject({ attempts: 1, deliveredAt: world.now });
      const shown = world.now;
      expect(noticeLines(alice)).toEqual([]);
      world.now += HOUR;
      noticeLines(alice)[0]?.seen();
      expect(delivery("line")).toMatchObject({ attempts: 2, deliveredAt: shown });
      // It is nobody else's business.
      expect(noticeLines(world.process("bob"))).toEqual([]);
      expect(noticeLines({ ...alice, caller: { ...alice.caller, via: "account" } })).toEqual([]);
      expect(await deliverPending(reaper())).toEqual([]);
    }));

  it("says once what was done, also when the box is gone [X-05]", () =>
    idleWorld(async ({ reaper, box, world }) => {
      world.channels = [];
      const alice = world.process("alice");
      const archive = { id: "ab12cd34", expiresAt: undefined };
      expect(await tellOf(reaper(), box, { kind: "destroyed", at: world.now, archive })).toBe(false);
      await destroy(alice, { name: "web", keepVolume: false });
      const [line, ...others] = noticeLines(alice);
      expect(others).toEqual([]);
      expect(line?.text).toBe("web was destroyed, its home is archived (devbox-ctl restore web)");
      line?.seen();
      world.now += DAY;
      expect(noticeLines(alice)).toEqual([]);
    }));

  it("says nothing of a stop that is over, and does not send anybody to restore over a box [X-05]", () =>
    idleWorld(async ({ reaper, box, world }) => {
      world.channels = [];
      const alice = world.process("alice");
      const texts = () => noticeLines(alice).map(({ text }) => text);
      await stop(alice, { name: "web" });
      await tellOf(reaper(), box, { kind: "stopped", at: world.now, reason: "idle" });
      expect(texts()).toEqual([expect.stringContaining("(devbox-ctl start web)")]);
      await start(alice, { name: "web", recreate: false });
      expect(texts()).toEqual([]);
      await tellOf(reaper(), box, {
        kind: "destroyed",
        at: world.now,
        archive: { id: "ab12cd34", expiresAt: undefined },
      });
      expect(texts()).toEqual(["web was destroyed, its home is archived (devbox-ctl archive list)"]);
    }));

  it("names the newest of each kind, and no more than a few boxes", () =>
    idleWorld(async ({ reaper, box, first, world }) => {
      world.channels = [];
      await announce(reaper(), box, first());
      await announce(reaper(), box, { ...first(), stage: "reminder" });
      await tellOf(reaper(), box, { kind: "trouble", since: 1, what: "it is odd", why: undefined });
      const texts = noticeLines(world.process("alice")).map(({ text }) => text);
      expect(texts).toEqual([expect.stringContaining("web is stopped on"), "web: it is odd (devbox-ctl why web)"]);
    }));
});

describe("what was done", () => {
  it("is told by every channel, and not for ever [X-05]", () =>
    idleWorld(async ({ reaper, box, world, email, webhook }) => {
      webhook.problem = email.problem = "no";
      expect(await tellOf(reaper(), box, { kind: "stopped", at: world.now, reason: "idle" })).toBe(false);
      world.now += DAY;
      expect(await deliverPending(reaper())).toHaveLength(1);
      world.now += 14 * DAY;
      email.problem = undefined;
      expect(await deliverPending(reaper())).toEqual([]);
      expect(email.got).toEqual([]);
    }));
});

it("a destroy is told with the work that is in the archive alone, although the box is gone [X-04]", () =>
  idleWorld(async ({ reaper, box, world, email }) => {
    const archive = { id: "ab12cd34", expiresAt: world.now + DAY };
    const sizes = { size: 1, contentSize: 1, entries: 1, sha256: "00" };
    const of = {
      boxId: box.id,
      boxName: "web",
      owner: "alice",
      spec: "{}",
      state: "complete",
      reason: "reaped",
    } as const;
    const unpushed = ["site/: 3 commits never pushed (branch redesign)"];
    reaper().ledger.addArchive({ ...archive, ...of, ...sizes, createdAt: world.now, unpushed });
    await destroy(world.process("alice"), { name: "web", keepVolume: false });
    expect(await tellOf(reaper(), box, { kind: "destroyed", at: world.now, archive })).toBe(true);
    expect(email.got[0]?.body).toContain("  site/: 3 commits never pushed (branch redesign)");
    expect(email.got[0]?.body).toContain("devbox-ctl restore web");
  }));

describe("notify test", () => {
  it("tells of each channel what came of it, and writes nothing down [X-05]", () =>
    idleWorld(async ({ world, email, webhook, reaper }) => {
      webhook.problem = "it does not answer.";
      const admin = { ...world.process("root"), caller: { user: "root", uid: 0, admin: true, via: "sudo" } } as const;
      const { channels } = await notifyTest(admin, { user: "alice" });
      expect(channels).toEqual([
        { channel: "webhook", outcome: "failed", problem: "it does not answer. in its words", took: 0 },
        { channel: "email", outcome: "delivered", problem: undefined, took: 0 },
      ]);
      expect(email.got[0]).toMatchObject({ kind: "test", owner: "alice", email: "alice@example.com", boxName: "" });
      const own = await notifyTest(admin, { user: undefined });
      expect(own.channels[1]).toMatchObject({ outcome: "unreachable" });
      expect(own.channels[1]?.problem).toContain("users.root.email");
      expect(reaper().ledger.notices({})).toEqual([]);
      expect(await codeOf(notifyTest(admin, { user: "nobody" }))).toBe("USAGE");
      const bob = { ...world.process("bob"), caller: { user: "bob", uid: 1001, admin: false, via: "sudo" } } as const;
      expect(await codeOf(notifyTest(bob, { user: undefined }))).toBe("NOT_PERMITTED");
    }));
});
