import { describe, expect, it } from "vitest";
import {
  destroyedText,
  lateWarning,
  stoppedText,
  testText,
  troubleText,
  wallTime,
  warningText,
  willHappen,
} from "../../../src/core/lifecycle/notice-text.ts";
import { isDue, pauseAfter } from "../../../src/core/lifecycle/retry.ts";
import { webhookUrlProblem } from "../../../src/core/notify-url.ts";
import { DAY, HOUR, MINUTE } from "../../../src/core/time.ts";

const now = Date.UTC(2026, 10, 22, 8, 14);
const told = { now, zone: "Europe/Berlin", host: "orchestrator" };
const warning = {
  box: "web",
  since: now - 5 * DAY,
  deadline: now + 2 * DAY,
  archiveKept: 30 * DAY,
  unpushed: [],
};

describe("what an owner is told", () => {
  it("before a stop, with the moment in their zone and what keeps the box running [FR-036]", () => {
    const { subject, body } = warningText({ ...warning, kind: "stop", stage: "first" }, told);
    expect(subject).toBe("web is stopped on Tue 24 Nov 2026, 09:14 CET unless it is used");
    expect(body).toBe(`Your box web on orchestrator has not been used since Tue 17 Nov 2026, 09:14 CET.

It is stopped on Tue 24 Nov 2026, 09:14 CET (in 2 days), unless it is used before.

What runs in it ends then. Its home stays.

To keep it running, use it, or:
  devbox-ctl hold web --for 3d

Why, and what is next:
  devbox-ctl why web
`);
  });

  it("before a destroy, with the archive and the work that was never pushed [FR-036, X-04]", () => {
    const unpushed = ["site/: 3 commits never pushed (branch redesign)", "evil\u001b[2J\nline"];
    const { subject, body } = warningText({ ...warning, unpushed, kind: "destroy", stage: "reminder" }, told);
    expect(subject).toBe("Reminder: web is destroyed on Tue 24 Nov 2026, 09:14 CET unless it is started");
    expect(body).toContain(
      "Its home is put into an archive first, which is kept for 30 days. After that:\n  devbox-ctl restore web",
    );
    expect(body).toContain("  site/: 3 commits never pushed (branch redesign)\n");
    expect(body).toContain(String.raw`evil\u{1b}[2J\nline`);
    expect(body).toContain("To keep it:\n  devbox-ctl start web\n  devbox-ctl hold web --for 3d");
    const kept = (archiveKept: number | null | undefined) =>
      warningText({ ...warning, archiveKept, kind: "destroy", stage: "first" }, told).body;
    expect(kept(DAY)).toContain("kept for 1 day.");
    expect(kept(36 * HOUR)).toContain("kept for 36h.");
    expect(kept(null)).toContain("kept until somebody removes it.");
    expect(kept(undefined)).toContain("Its home goes with it for good.");
  });

  it("bounds what comes from a box [X-04]", () => {
    const unpushed = Array.from({ length: 500 }, (_, n) => `${n} ${"x".repeat(10_000)}`);
    const { body } = warningText({ ...warning, unpushed, kind: "destroy", stage: "first" }, told);
    expect(body.length).toBeLessThan(6000);
    expect(body).toContain("… and 480 more");
    expect(troubleText("web", "no", "y\n".repeat(9999), told).body.length).toBeLessThan(1000);
  });

  it("says the new time of a warning that came late [FR-036]", () => {
    const words = warningText({ ...warning, kind: "stop", stage: "first" }, told);
    const at = now + 9 * DAY;
    const late = lateWarning(words, willHappen("web", "stop", at, told.zone), wallTime(at, told.zone));
    expect(late.subject).toBe("web is stopped on Tue 1 Dec 2026, 09:14 CET unless it is used");
    expect(late.body).toMatch(/^This could not be delivered before/);
    expect(late.body).toContain("It happens on Tue 1 Dec 2026, 09:14 CET at the earliest");
    expect(late.body).toContain(words.body.trimEnd());
  });

  it("after it was stopped or destroyed, or when something is wrong [FR-036, X-04]", () => {
    expect(stoppedText("web", "idle", now, told)).toMatchObject({ subject: "web was stopped: nobody used it" });
    expect(stoppedText("web", "schedule", now, told).body).toContain("devbox-ctl start web");
    const archive = { id: "ab12cd34", expiresAt: now + 30 * DAY };
    const destroyed = destroyedText({ box: "web", at: now, archive, unpushed: ["a: 1 stash"] }, told);
    expect(destroyed.subject).toBe("web was destroyed, its home is archived");
    expect(destroyed.body).toContain("archive ab12cd34, which is kept until Tue 22 Dec 2026, 09:14 CET");
    expect(destroyed.body).toContain("  devbox-ctl restore web");
    expect(destroyed.body).toContain("  a: 1 stash");
    expect(destroyedText({ box: "web", at: now, archive: undefined, unpushed: [] }, told).body).toContain(
      "was not put into an archive",
    );
    const trouble = troubleText("web", "it cannot be archived, so it is not destroyed", "no space\u0007", told);
    expect(trouble.subject).toBe("web: it cannot be archived, so it is not destroyed");
    expect(trouble.body).toContain(String.raw`  no space\u{7}`);
    expect(testText("alice", told).body).toContain("tells alice about their boxes by this way");
  });

  it("tells times on days when the clock is set, and far away", () => {
    expect(wallTime(Date.UTC(2026, 9, 25, 0, 30), "Europe/Berlin")).toMatch(/^Sun 25 Oct 2026, 02:30 (CEST|GMT\+2)$/);
    expect(wallTime(Date.UTC(2026, 9, 25, 1, 30), "Europe/Berlin")).toMatch(/^Sun 25 Oct 2026, 02:30 (CET|GMT\+1)$/);
    expect(wallTime(now, "UTC")).toBe("Sun 22 Nov 2026, 08:14 UTC");
    expect(wallTime(Date.UTC(2026, 0, 1), "UTC")).toBe("Thu 1 Jan 2026, 00:00 UTC");
  });
});

describe("tries again", () => {
  it("after 5 minutes, and twice as long each time up to 6 hours [X-05]", () => {
    expect([1, 2, 3, 4, 5, 6, 7, 8, 99].map((attempts) => pauseAfter(attempts) / MINUTE)).toEqual([
      ...[5, 10, 20, 40, 80, 160, 320, 360, 360],
    ]);
  });

  it("never what was delivered, and at once what was tried by a clock that was ahead [X-05]", () => {
    const delivery = { channel: "email", attempts: 1, triedAt: now, deliveredAt: undefined, problem: undefined };
    expect(isDue(undefined, now)).toBe(true);
    expect(isDue(delivery, now + 5 * MINUTE - 1)).toBe(false);
    expect(isDue(delivery, now + 5 * MINUTE)).toBe(true);
    expect(isDue({ ...delivery, triedAt: now + DAY }, now)).toBe(true);
    expect(isDue({ ...delivery, deliveredAt: now }, now + DAY)).toBe(false);
  });
});

describe("the address of a webhook", () => {
  it.each([
    "https://hooks.example.com/T/B/x?y=1",
    "http://127.0.0.1:8080/x",
    "http://localhost/x",
    "http://[::1]:9/x",
    "http://10.1.2.3/",
    "http://172.31.0.1/",
    "http://192.168.1.1/",
    "http://100.100.1.1/",
    "http://[fd00::1]/",
  ])("may be %s", (url) => {
    expect(webhookUrlProblem(url)).toBeUndefined();
  });

  it.each([
    ["http://hooks.example.com/secret", "https://"],
    ["http://172.32.0.1/", "https://"],
    ["http://8.8.8.8/", "https://"],
    ["http://127.0.0.1.example.com/", "https://"],
    ["http://localhost.example.com/", "https://"],
    ["https://alice:secret@example.com/", "password"],
    ["file:///etc/passwd", "http(s)"],
    ["secret", "http(s)"],
  ])("must not be %s, which is not repeated", (url, why) => {
    expect(webhookUrlProblem(url)).toContain(why);
    expect(webhookUrlProblem(url)).not.toContain("secret");
  });
});
