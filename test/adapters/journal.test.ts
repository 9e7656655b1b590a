import { mkdtempSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import path from "node:path";
import { text } from "node:stream/consumers";
import { expect, it, vi } from "vitest";
import { createJournal } from "../../src/adapters/journal/journal.ts";
import { send } from "../../src/adapters/journal/run.ts";
import type { JournalEntry } from "../../src/ports/system-journal.ts";

const ENTRY: JournalEntry = {
  ...{ record: 1, event: "begin", at: 0, user: "alice", via: "sudo", address: undefined, admin: false },
  ...{ command: "exec", box: { name: "api", id: "i", owner: "alice" }, what: 'a\n<0>"b' },
  holder: { pid: 1, startTicks: "1", bootId: "b" },
};

it("gets one line of JSON a record, after what the journal wants to know first [X-09]", async () => {
  const dir = mkdtempSync(path.join(tmpdir(), "dbxtest-journal-"));
  const socket = path.join(dir, "stdout");
  const heard: Promise<string>[] = [];
  const server = createServer((connection) => heard.push(text(connection)));
  await new Promise<void>((resolve) => server.listen(socket, resolve));
  try {
    const journal = createJournal((line) => send(line, socket));
    journal.write(ENTRY);
    journal.write({
      ...{ record: 1, event: "end", user: "alice", command: "exec", box: undefined },
      ...{ exitCode: 4, error: "NOT_PERMITTED", duration: 3 },
    });
    await journal.flush();
    await vi.waitUntil(() => heard.length === 2);
    const lines = (await Promise.all(heard)).map((all) => all.split("\n"));
    for (const line of lines) expect(line.slice(0, 7)).toEqual(["devbox-ctl", "", "6", "1", "0", "0", "0"]);
    // Two connections may be taken in either order.
    const bodies = lines.map((line) => line.slice(7)).sort();
    expect(bodies.map((body) => body.length)).toEqual([2, 2]);
    expect(bodies.map(([body]) => body?.slice(0, 3)).sort()).toEqual(["<4>", "<6>"]);
    expect(JSON.parse(bodies[1]?.[0]?.slice(3) ?? "")).toMatchObject({
      ...{ level: "info", msg: "audit", record: 1, user: "alice", what: ENTRY.what, at: "1970-01-01T00:00:00Z" },
    });
    expect(JSON.parse(bodies[0]?.[0]?.slice(3) ?? "")).toMatchObject({ event: "end", error: "NOT_PERMITTED" });
  } finally {
    server.close();
    rmSync(dir, { recursive: true });
  }
});

it("that is not there, or does not listen, fails nothing [X-09]", async () => {
  await send("x", "/nonexistent/socket");
  const journal = createJournal(() => Promise.reject(new Error("no")));
  journal.write(ENTRY);
  await journal.flush();
});
