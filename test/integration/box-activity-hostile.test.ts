import { afterAll, beforeAll, expect, it } from "vitest";
import manifest from "../../containers/box/image.json" with { type: "json" };
import { parseActivity } from "../../src/core/activity.ts";
import { probedBox, type ProbedBox } from "../support/activity.ts";
import { testImage } from "../support/image.ts";
import { removeTestObjects } from "../support/podman.ts";

// What a box's user can do to a probe that runs as root, and what a busy or broken box does to it.

const { programs } = manifest;
const HOLD = "/home/dev/.devbox-hold";
let box: ProbedBox;

const asDev = async (script: string): Promise<void> => {
  expect(await box.asDev("sh", "-c", script)).toMatchObject({ exitCode: 0 });
};
/** An answer as it is: JSON, on one line, in ASCII. */
const check = (line: string): void => {
  expect(() => JSON.parse(line) as unknown, line).not.toThrow();
  expect(line).toMatch(/^[\x20-\x7e]+$/);
};
const raw = async (): Promise<string> => {
  const { stdout, stderr, exitCode } = await box.asRoot(programs.activity);
  expect({ stderr, exitCode }).toEqual({ stderr: "", exitCode: 0 });
  check(stdout);
  return stdout;
};

beforeAll(async () => {
  box = await probedBox(await testImage(), "--pids-limit=300", "--tmpfs=/home/dev:rw,size=2m,mode=0755");
});

afterAll(() => removeTestObjects());

it("follows no link of dev's, waits for no pipe, and prints nothing that dev may not read [X-01]", async () => {
  await box.asRoot("sh", "-c", "echo top-secret >/run/devbox/key; echo top-secret >/var/lib/tailscale/key");
  for (const target of ["/etc/shadow", "/run/devbox/key", "/var/lib/tailscale/key", "/proc/1/environ", "/dev/zero"]) {
    await asDev(`mkdir -p ~/.config/devbox; ln -sfn ${target} ${HOLD}; ln -sfn ${target} ~/.config/devbox/agents`);
    const answer = await raw();
    expect(answer).not.toMatch(/top-secret|root:|daemon/);
    const { unreadable, holds } = await box.probe();
    expect(holds).toEqual([]);
    expect(unreadable).toContain(`hold: ${HOLD}: a link`);
    expect(unreadable).toContain("agents: ~/.config/devbox/agents: a link");
  }
  await asDev(`rm ${HOLD} ~/.config/devbox/agents; mkfifo ${HOLD}; mkdir ~/.config/devbox/agents`);
  const { unreadable } = await box.probe();
  expect(unreadable).toContain(`hold: ${HOLD}: not a plain file`);
  expect(unreadable).toContain("agents: ~/.config/devbox/agents: not a plain file");
  await asDev(`rm ${HOLD}; rmdir ~/.config/devbox/agents`);
});

it("walks no further than dev may, and no other file system [X-01]", async () => {
  await asDev("mv ~/workspace ~/away && ln -s /var/lib/tailscale ~/workspace");
  expect(await box.probe()).toMatchObject({ workspace: { path: null, entries: 0 } });
  await asDev("ln -sfn / ~/workspace");
  const all = await box.probe();
  expect(all.workspace?.path).not.toMatch(/^(?:proc|sys|dev|run|tmp)\//);
  expect(all.unreadable).toContain("workspace: is a link to /");
  await asDev("rm ~/workspace");
  expect((await box.probe()).unreadable).toContain("workspace: No such file or directory");
  await asDev("mv ~/away ~/workspace; mkdir -m 0 ~/workspace/closed");
  expect((await box.probe()).unreadable).toContain("workspace: 1 folders are closed to dev");
  await asDev("rmdir ~/workspace/closed");
});

it("bounds what it reads of hold and agents files [X-01]", async () => {
  await asDev(`yes | head -c 100000 | tr -d '\\n' >${HOLD}; seq -f agent-%g 5000 >~/.config/devbox/agents`);
  const answer = await raw();
  expect(answer.length).toBeLessThan(10_000);
  await asDev(`rm ${HOLD} ~/.config/devbox/agents`);
});

it("prints JSON whatever bytes names are made of [X-01]", async () => {
  const script = [
    String.raw`@b = map { chr } 1 .. 255; $| = 1;`,
    String.raw`for $i (1 .. 40) { next if fork; srand $i; $n = join "", map { $b[rand @b] } 1 .. 14;`,
    String.raw`$n = ") S 1 (\n\"" if $i == 1; $n = "\\\xff\xc3\xed\xa0\x80\xf4\x90" if $i == 2;`,
    String.raw`open $f, ">", "/home/dev/workspace/" . $n =~ s{/}{_}gr; utime 2e9, 1e9 + $i, $f; $0 = $n; sleep 7000; exit } sleep 7001`,
  ];
  await box.start(`exec perl -e '${script.join(" ")}'`, "fuzz1");
  await box.until(({ sessions, workspace }) => {
    expect(sessions[0]?.processes).toBe(41);
    expect(workspace?.entries).toBeGreaterThanOrEqual(40);
  });
  // Each name once as that of the newest file; the processes' own are in every answer.
  const touch = "@f = glob q(/home/dev/workspace/*); $i = shift; utime 0, 1.2e9 + $i, $f[$i]";
  const each = `for i in $(seq 0 39); do setpriv --reuid=1000 --clear-groups perl -e '${touch}' $i; ${programs.activity}; done`;
  const { stdout, stderr } = await box.asRoot("sh", "-c", each);
  expect(stderr).toBe("");
  const lines = stdout.split("\n");
  expect(lines).toHaveLength(40);
  for (const line of lines) check(line);
  expect(new Set(lines.map((line) => parseActivity(line)?.workspace?.path)).size).toBeGreaterThan(20);
  await box.asRoot("pkill", "-KILL", "-u", "dev");
  await asDev("rm -r ~/workspace && mkdir ~/workspace");
});

it("works when home is full [X-01]", async () => {
  await box.asDev("sh", "-c", "cat /dev/zero >~/workspace/big 2>/dev/null");
  expect((await box.asDev("sh", "-c", "echo x >~/workspace/more")).exitCode).not.toBe(0);
  expect(await box.probe()).toMatchObject({ workspace: { complete: true, entries: 2 }, unreadable: [] });
  await asDev("rm ~/workspace/big ~/workspace/more");
});

it("answers while processes come and go, up to the limit [X-01]", async () => {
  await box.start("while :; do (sleep 0.02; :) & (exec true) & wait $!; done 2>/dev/null", "storm1");
  for (let i = 0; i < 20; i++) {
    const { sessions } = await box.probe();
    expect(sessions.some(({ id }) => id === "storm1")).toBe(true);
  }
  await box.asRoot("pkill", "-u", "dev");
});

it("answers, and says so, when dev kills or stops the part that runs as dev [X-01]", async () => {
  await asDev("mkdir -p ~/workspace/a; cd ~/workspace/a; seq 400 | xargs touch");
  const hunt = (signal: string): string =>
    `exec perl -e 'while (1) { for (glob "/proc/[0-9]*") { open F, "$_/cmdline" or next; ` +
    `m{(\\d+)}, kill ${signal}, $1 if <F> =~ m{devbox[/]activity} } }'`;
  for (const signal of ["KILL", "STOP"]) {
    await box.start(hunt(signal), "hunter1");
    const answers = [];
    for (let i = 0; i < 15; i++) answers.push(await box.probe());
    const hit = answers.filter(({ unreadable }) => unreadable.some((line) => line.startsWith("home: not all")));
    expect(hit.length, signal).toBeGreaterThan(0);
    for (const { cpu, sessions, unreadable, workspace } of answers) {
      expect(cpu?.seconds).toBeGreaterThan(0);
      expect(sessions.map(({ kind }) => kind)).toEqual(["exec"]);
      if (workspace === null) expect(unreadable).not.toEqual([]);
    }
    await box.asRoot("pkill", "-KILL", "-u", "dev");
  }
});

it("leaves nobody behind [X-01]", async () => {
  await box.probe();
  expect((await box.asRoot("pgrep", "-f", "devbox/activity")).stdout).toBe("");
});

it("finds a change among 100,000 files in the end, and says that it does not see all at once [X-01]", async () => {
  const large = await probedBox(await testImage());
  const make = String.raw`chdir "/home/dev/workspace"; for $d (1 .. 200) { mkdir $d; for (1 .. 500) { open F, ">", "$d/$_" } }`;
  const age = "find . -depth -exec touch -d 2020-01-01 {} +; touch -d 2021-01-01 137/421; touch -d 2020-01-01 137 .";
  expect((await large.asDev("perl", "-e", make)).exitCode).toBe(0);
  expect((await large.asDev("sh", "-c", age)).exitCode).toBe(0);
  const { workspace } = await large.probe();
  expect(workspace?.complete).toBe(false);
  expect(workspace?.entries).toBeLessThanOrEqual(20_000);
  const search = `i=0; until ${programs.activity} | grep -q '"path":"137/421"'; do i=$((i + 1)); [ $i -lt 1500 ] || exit 1; done`;
  expect((await large.asRoot("sh", "-c", search)).exitCode).toBe(0);
});
