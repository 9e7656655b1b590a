import process from "node:process";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import manifest from "../../containers/box/image.json" with { type: "json" };
import { probedBox, USER_NAMESPACE, type ProbedBox } from "../support/activity.ts";
import { testImage } from "../support/image.ts";
import { benchEnv, removeTestObjects } from "../support/podman.ts";
import { openTerminal, type Terminal } from "../support/tmux.ts";

const { programs } = manifest;
const LISTEN = `perl -MIO::Socket::INET -e '$s = IO::Socket::INET->new(LocalAddr => "127.0.0.1:8080", Listen => 9, ReuseAddr => 1);
  while ($c = $s->accept) { push @c, $c; fork || exit !map { syswrite $c, "x" } <$c> }'`;
/** A connection that says a line ten times a second, and one that says nothing. */
const TALK = "exec 3<>/dev/tcp/127.0.0.1/8080; while echo hello >&3; do sleep 0.1; done";
const LISTEN_ONLY = "exec 3<>/dev/tcp/127.0.0.1/8080; sleep 600";

afterAll(() => removeTestObjects());

describe.each([
  { where: "in a box", options: [] },
  { where: "in a box with a user namespace", options: USER_NAMESPACE },
])("the activity probe $where", ({ options }) => {
  let box: ProbedBox;
  const terminal = (...command: string[]): Promise<Terminal> => {
    const session = [programs.session, "--id", "typed1", "--", ...command];
    return openTerminal(["podman", "exec", "-it", "--user", "dev", box.name, ...session], { env: benchEnv() });
  };

  beforeAll(async () => {
    box = await probedBox(await testImage(), ...options);
  });

  it("sees nobody in a box that nobody uses [X-01]", async () => {
    const activity = await box.probe();
    expect(activity).toMatchObject({
      sessions: [],
      connections: [],
      agents: [],
      detached: [],
      holds: [],
      unreadable: [],
    });
    expect(activity).toMatchObject({ terminals: { open: 0, lastInput: null }, workspace: { complete: true } });
    expect(activity.cpu?.seconds).toBeGreaterThan(0);
    expect(activity.uptimeSeconds).toBeGreaterThan(0);
    expect((await box.probe()).instance).toBe(activity.instance);
    expect((await box.asRoot(programs.activity, "x")).exitCode).toBe(2);
  });

  it("sees exec sessions with and without an id, but not what they leave behind [X-01]", async () => {
    await box.start("exec sleep 6001", "abc123");
    await box.start("sleep 6002; :");
    await box.start("sleep 6003 &", "gone1");
    const { sessions } = await box.until(({ sessions }) => {
      expect(sessions.map(({ command, id }) => [command, id])).toEqual([
        ["sleep", "abc123"],
        ["sh", null],
      ]);
    });
    expect(sessions[1]).toMatchObject({ kind: "exec", processes: 2, tty: null, lastInput: null });
    expect((await box.asRoot("pgrep", "-f", "sleep 6003")).exitCode).toBe(0);
    await box.asRoot("pkill", "-f", "sleep 600");
    await box.until(({ sessions }) => {
      expect(sessions).toEqual([]);
    });
  });

  it("tells what was typed from what is only written [X-01]", async () => {
    await using shell = await terminal("sh", "-c", "while :; do echo tick; sleep 1; done & exec cat >/dev/null");
    await shell.waitFor("tick");
    const silent = await box.until(({ sessions }) => {
      expect(sessions[0]?.lastOutput).toBeGreaterThan(0);
    });
    expect(silent.sessions).toMatchObject([{ id: "typed1", tty: "pts/0", lastInput: null }]);
    expect(silent.terminals).toMatchObject({ open: 1, lastInput: null });
    const typed = await box.until(({ terminals }) => {
      // The kernel notes input every eight seconds.
      void shell.press("a", "Enter");
      expect(terminals?.lastInput).toBeGreaterThan(silent.now);
    });
    expect(typed.sessions[0]?.lastInput).toBe(typed.terminals?.lastInput);
    await shell.press("C-c");
  });

  it("tells a connection that talks from one that is only open, and who is at its other end [X-01]", async () => {
    await box.start(LISTEN);
    await box.asRoot("sh", "-c", "until ss -ltn | grep -q :8080; do sleep 0.1; done");
    await box.start(`exec bash -c '${TALK}'`);
    await box.asRoot("sh", "-c", `(exec bash -c '${LISTEN_ONLY}') >/dev/null 2>&1 &`);
    const first = await box.until(({ connections }) => {
      expect(connections.map(({ kind, from }) => [kind, from])).toEqual([
        ["code-server", "dev"],
        ["code-server", "root"],
      ]);
    });
    const [talking, open] = first.connections;
    expect(open).toMatchObject({ port: 8080, bytesIn: 0, bytesOut: 0, lastIn: null, lastOut: null });
    expect(talking?.lastIn).toBeGreaterThan(first.now - 5000);
    const later = await box.until(({ connections }) => {
      expect(connections[0]?.bytesIn).toBeGreaterThan(talking?.bytesIn ?? 0);
    });
    expect(later.connections.map(({ id }) => id)).toEqual([talking?.id, open?.id]);
    expect(later.connections[1]).toMatchObject({ bytesIn: 0, lastIn: null });
    await box.asRoot("pkill", "-f", "8080");
  });

  it("finds tmux, who is attached to it, and the agents in it [X-01]", async () => {
    await box.asDev("cp", "/bin/sleep", "/tmp/claude");
    await using shell = await terminal("tmux", "new-session", "-s", "work", "/tmp/claude 6100");
    const attached = await box.until(({ detached }) => {
      expect(detached).toMatchObject([{ kind: "tmux", panes: 1, clients: 1 }]);
    });
    expect(attached.agents).toMatchObject([{ name: "claude", listedBy: "image", inside: "tmux", detached: true }]);
    await shell.press("C-b", "d");
    const left = await box.until(({ detached }) => {
      expect(detached).toMatchObject([{ kind: "tmux", panes: 1, clients: 0 }]);
    });
    expect(left.sessions).toEqual([]);
    expect(left.agents).toHaveLength(1);
    await box.asDev("tmux", "kill-server");
  });

  it("knows agents by scripts of interpreters and by the user's own list, and counts a family once [X-01]", async () => {
    const script = [
      "mkdir -p ~/.config/devbox /tmp/npm/gemini-cli/dist",
      "printf '# mine\\nmy-robot\\nnot a name\\n' >~/.config/devbox/agents",
      "echo 'sleep 6200; 1' >/tmp/npm/gemini-cli/dist/index.js",
      "echo 'system(q(/tmp/codex 6201)); 1' >/tmp/my-robot",
      "cp /bin/sleep /tmp/codex; cp /usr/bin/perl /tmp/node",
      "/tmp/node /tmp/npm/gemini-cli/dist/index.js --token=secret & perl /tmp/my-robot & wait",
    ].join("; ");
    await box.start(script, "agents1");
    const { agents } = await box.until(({ agents }) => {
      expect(agents.map(({ name, listedBy }) => [name, listedBy]).sort()).toEqual([
        ["gemini-cli", "image"],
        ["my-robot", "user"],
      ]);
    });
    expect(agents.every(({ detached, inside }) => detached && inside === null)).toBe(true);
    expect(agents.find(({ name }) => name === "my-robot")?.processes).toBe(2);
    // Arguments may be secrets.
    expect((await box.asRoot(programs.activity)).stdout).not.toContain("secret");
    await box.asRoot("pkill", "-f", "/tmp/npm|/tmp/my-robot|codex");
  });

  it("takes for a login only what root's tailscaled started [X-01]", async () => {
    const prepare = (folder: string): string =>
      `mkdir -p ${folder}; cd ${folder}; cp /bin/bash tailscaled; echo 'sleep 6300; :' >be-child`;
    const run = "./tailscaled -c './tailscaled be-child ssh --remote-user=alice@example.com; :'";
    // Hides from its own user, so that its files in /proc look like root's.
    const call = process.arch === "x64" ? 157 : 167;
    const hide = `cp /usr/bin/perl tailscaled; ./tailscaled -e 'syscall(${call}, 4, 0); system(q(bash be-child ssh)) while 1'`;
    await box.asRoot("sh", "-c", `${prepare("/run/real")}; (${run}) >/dev/null 2>&1 &`);
    await box.start(`${prepare("/tmp/fake")}; ${run}`);
    await box.start(`${prepare("/tmp/hidden")}; ${hide}`);
    const { sessions } = await box.until(({ sessions }) => {
      expect(sessions.map(({ kind }) => kind)).toEqual(["tailscale-ssh", "exec", "exec"]);
    });
    expect(sessions[0]).toMatchObject({ remoteUser: "alice@example.com", command: "tailscaled", processes: 2 });
    await box.asRoot("pkill", "-f", "tailscaled|sleep 6300");
  });

  it("reads hold files: no end, a duration, a time, and nonsense [X-01]", async () => {
    const hold = async (line: string) => {
      await box.asDev("sh", "-c", 'printf "%s" "$1" >/home/dev/.devbox-hold', "sh", line);
      const { holds, unreadable } = await box.probe();
      return { until: holds[0]?.until, since: holds[0]?.since ?? Number.NaN, unreadable };
    };
    expect(await hold("")).toMatchObject({ until: null, unreadable: [] });
    const days = await hold("3d\nbecause of the release");
    expect(days.until).toBe(days.since + 3 * 86_400_000);
    for (const time of ["2027-02-28T23:59:59Z", "2028-02-29T10:00+05:30", "2100-03-01T00:00:00-0800", "2026-12-31"])
      expect((await hold(time)).until, time).toBe(Date.parse(time.replace("-0800", "-08:00")));
    const nonsense = await hold("until I say so");
    expect(nonsense).toMatchObject({
      until: null,
      unreadable: [expect.stringContaining("neither a time nor a duration")],
    });
    await box.asDev("mv", "/home/dev/.devbox-hold", "/run/user/1000/devbox-hold");
    expect((await box.probe()).holds).toMatchObject([{ path: "/run/user/1000/devbox-hold" }]);
    await box.asDev("rm", "/run/user/1000/devbox-hold");
  });

  it("finds the last change of the workspace, and not what tools change by themselves [X-01]", async () => {
    const script = [
      "mkdir -p a/b node_modules .git/logs && touch -d 2020-01-01 a/b/old a/b a .git/HEAD .git/logs .git",
      "touch -d 2021-01-01 'a/b/new file' && touch -d 2020-01-01 a/b && touch node_modules/x .git/index .git/FETCH_HEAD",
      "touch -d 2020-01-01 node_modules . && touch -d 2099-01-01 a/ahead && touch -d 2020-01-01 a",
    ].join(" && ");
    expect(await box.asDev("sh", "-c", script)).toMatchObject({ exitCode: 0, stderr: "" });
    const { workspace } = await box.probe();
    expect(workspace).toMatchObject({
      lastChange: Date.parse("2021-01-01T00:00:00Z"),
      path: "a/b/new file",
      complete: true,
    });
    expect(workspace?.future).toEqual({ count: 1, latest: Date.parse("2099-01-01T00:00:00Z") });
    await box.asDev("sh", "-c", "touch -d 2022-01-01 .git/logs/HEAD && touch -d 2020-01-01 .git/logs .git");
    expect((await box.probe()).workspace).toMatchObject({ path: ".git/logs/HEAD" });
  });
});
