import { afterAll, beforeAll, expect, it } from "vitest";
import manifest from "../../containers/box/image.json" with { type: "json" };
import { probedBox, type ProbedBox } from "../support/activity.ts";
import { testImage } from "../support/image.ts";
import { benchEnv, podman, removeTestObjects } from "../support/podman.ts";
import { openTerminal, type Terminal } from "../support/tmux.ts";

// What `tell` shows in a real box, in real terminals and a real tmux, and what the box's user can do about it.

const { programs } = manifest;
const NOTICE = "/run/devbox.notice";
let box: ProbedBox;

interface Said {
  readonly told: number;
  readonly terminals: number;
  readonly shown: number;
  readonly took: number;
}

const tell = async (text: string, ...args: string[]): Promise<Said> => {
  const began = Date.now();
  const { stdout, stderr, exitCode } = await podman(["exec", "-i", box.name, programs.tell, ...args], { input: text });
  const took = Date.now() - began;
  expect({ stderr, exitCode }).toEqual({ stderr: "", exitCode: 0 });
  const [told = -1, terminals = -1, shown = -1] = (stdout.match(/\d+/g) ?? []).map(Number);
  expect(stdout.trim()).toBe(`told=${told} terminals=${terminals} shown=${shown}`);
  return { told, terminals, shown, took };
};

let sessions = 0;

/** A person at a terminal of their own: the engine's client, the box's login shell. Ended as the program ends a session. */
const somebody = async (...command: string[]): Promise<Terminal> => {
  sessions += 1;
  const id = `s${sessions}`;
  const words = command.length === 0 ? ["--shell"] : ["--", ...command];
  const argv = ["podman", "exec", "-it", "--user", "dev", box.name, programs.session, "--id", id, ...words];
  const terminal = await openTerminal(argv, { env: benchEnv(), cols: 160 });
  await terminal.waitFor(/dev@|here|\[work\]/);
  const leave = async (): Promise<void> => {
    await box.asRoot(programs.endSession, id);
    await terminal.kill();
  };
  return { ...terminal, [Symbol.asyncDispose]: leave };
};

const asDev = async (script: string): Promise<string> => {
  const { stdout, exitCode } = await box.asDev("sh", "-c", script);
  expect(exitCode).toBe(0);
  return stdout;
};

/** Makes so many terminals that nobody reads, and keeps them; `extra` is perl that each is given to as $slave. */
const deafTerminals = (count: number, extra = ""): Promise<string> =>
  box.start(`exec perl -e '
    require POSIX;
    for (1 .. ${count}) {
      sysopen my $master, "/dev/ptmx", 2 or last;
      my $zero = pack "i", 0;
      ioctl $master, 0x40045431, $zero;
      my $number = pack "i", 0;
      ioctl $master, 0x80045430, $number;
      my $name = "/dev/pts/" . unpack "i", $number;
      sysopen my $slave, $name, 2 | 0x100 or next;
      ${extra}
      push @kept, $master, $slave;
    }
    open my $ready, ">", "/tmp/deaf"; print $ready scalar @kept; close $ready;
    sleep 600'`);

const whenDeaf = (): Promise<string> =>
  asDev("while ! [ -s /tmp/deaf ]; do sleep 0.1; done; cat /tmp/deaf; rm /tmp/deaf");

beforeAll(async () => {
  box = await probedBox(await testImage());
});

afterAll(() => removeTestObjects());

it("reaches whoever is at a terminal, and says how many that were [FR-036, X-05]", async () => {
  expect(await tell("nobody is here")).toMatchObject({ told: 0, terminals: 0 });
  await using one = await somebody();
  await using two = await somebody("sh", "-c", "echo here; exec cat");
  expect(await tell("web is stopped on Tue 24 Nov\n\nüse it: devbox-ctl hold web --for 3d")).toMatchObject({
    told: 2,
    terminals: 2,
  });
  for (const terminal of [one, two]) {
    const screen = await terminal.waitFor("*** devbox-ctl: web is stopped on Tue 24 Nov");
    expect(screen).toContain("üse it: devbox-ctl hold web --for 3d");
  }
});

it("shows one line in tmux until a key is pressed, and runs nothing of what it says [FR-036]", async () => {
  await using one = await somebody("tmux", "new-session", "-s", "work");
  await asDev("tmux new-session -d -s away");
  // Its panes get the text too, but somebody is at the client's terminal alone.
  expect(await tell("web ends at 09:14 #(touch /tmp/run-by-tmux) #{pid} %H\n\nbody")).toMatchObject({
    told: 1,
    terminals: 3,
  });
  const screen = await one.waitFor("web ends at 09:14 ?(touch /tmp/run-by-tmux) ??pid? ?H");
  expect(screen.trimEnd().split("\n").at(-1)).toMatch(/^web ends at/);
  expect(await asDev("ls /tmp")).not.toContain("run-by-tmux");
  await asDev("tmux kill-server");
});

it("does not count a tmux that nobody is attached to [X-05]", async () => {
  await asDev("tmux new-session -d -s away");
  expect(await tell("anybody?")).toMatchObject({ told: 0, terminals: 1 });
  await asDev("tmux kill-server");
});

it("is shown at logins until it is taken back, and says that one has shown it [X-05]", async () => {
  expect(await tell("web is stopped soon", "--id", "a-1")).toMatchObject({ told: 0, shown: 0 });
  expect(await asDev(`cat ${NOTICE}`)).toBe("a-1\nweb is stopped soon");
  // Programs that run by themselves are no login.
  await asDev("bash -lc true </dev/null; bash -ic true </dev/null 2>/dev/null; bash -lic true >/dev/null 2>&1 || :");
  expect(await tell("web is stopped soon", "--id", "a-1")).toMatchObject({ shown: 0 });
  {
    await using one = await somebody();
    await one.waitFor("web is stopped soon");
    expect((await one.capture()).split("web is stopped soon")).toHaveLength(2);
    // Known now; who is there is told once more, because they may have come by another way.
    expect(await tell("web is stopped soon", "--id", "a-1")).toMatchObject({ told: 1, shown: 1 });
  }
  expect(await tell("another", "--id", "a-2")).toMatchObject({ shown: 0 });
  expect(await tell("", "--clear")).toMatchObject({ told: 0 });
  await using two = await somebody();
  expect(await two.capture()).not.toContain("another");
  expect((await box.asRoot("ls", "/run")).stdout).not.toContain("devbox.notice");
});

it("tells terminals that nobody is at once only [X-05]", async () => {
  await asDev("tmux new-session -d -s away");
  expect(await tell("once", "--id", "b-1")).toMatchObject({ told: 0, terminals: 1 });
  expect(await tell("once", "--id", "b-1")).toMatchObject({ told: 0, terminals: 0 });
  expect(await asDev("tmux capture-pane -p -t away | grep -c once")).toBe("1");
  await asDev("tmux kill-server");
  await tell("", "--clear");
});

it("prints nothing that moves a cursor, and bounds what it reads [X-05]", async () => {
  await using one = await somebody("sh", "-c", "echo here; exec cat");
  const evil = "\u001b]0;title\u0007\u001b[2J\u009b31m\u202eabc\u2028\r\nsecond\u0000line\u200f";
  expect(await tell(evil)).toMatchObject({ told: 1 });
  const screen = await one.waitFor("second?line?");
  expect(screen).toContain("*** devbox-ctl: ?]0;title??[2J?31m?abc?");
  expect(await tell(`begins ${"ü".repeat(200_000)}`)).toMatchObject({ told: 1 });
  expect((await podman(["exec", "-i", box.name, programs.tell], { input: "\n \n" })).exitCode).toBe(2);
  for (const wrong of [["--id"], ["--id", "a b"], ["--id", "../x"], ["--clear", "x"], ["x"]]) {
    expect((await podman(["exec", "-i", box.name, programs.tell, ...wrong], { input: "x" })).exitCode).toBe(2);
  }
});

it("is not held up by terminals that are full, stopped or thousands, nor counts them [X-05]", async () => {
  await using one = await somebody();
  // Full: nothing reads the master. Stopped: ^S. Closed to everybody but root.
  await deafTerminals(
    3,
    'fcntl $slave, 4, 0x800 | 2; for my $round (1 .. 9) { 1 while defined syswrite $slave, "x" x 4096; select undef, undef, undef, 0.05 }',
  );
  expect(await whenDeaf()).toBe("6");
  const full = await tell("first");
  expect(full).toMatchObject({ told: 1, terminals: 1 });
  await deafTerminals(2, "ioctl $slave, 0x540A, 0; chmod 0, $name;");
  await whenDeaf();
  expect(await tell("second")).toMatchObject({ told: 1, terminals: 1 });
  await deafTerminals(2000);
  const many = Number(await whenDeaf()) / 2;
  expect(many).toBeGreaterThan(100);
  const said = await tell("third");
  expect(said.told).toBe(1);
  expect(said.took).toBeLessThan(5000);
  await one.waitFor("third");
  await asDev("pkill -x perl");
});

it("follows no link of dev's, waits for no pipe and no tmux that hangs [X-05]", async () => {
  await asDev(`
    tmux kill-server 2>/dev/null || :
    rm -rf /tmp/tmux-1000; mkdir -m 700 /tmp/tmux-1000
    ln -s /etc/passwd /tmp/tmux-1000/link; mkfifo /tmp/tmux-1000/pipe; mkdir /tmp/tmux-1000/folder
    rm -f /run/user/1000/devbox.notice-shown; mkfifo /run/user/1000/devbox.notice-shown`);
  // A server that takes connections and never answers.
  await box.start(`exec perl -e '
    use Socket; socket my $s, AF_UNIX, SOCK_STREAM, 0; bind $s, pack_sockaddr_un "/tmp/tmux-1000/deaf"; listen $s, 9;
    sleep 600'`);
  await asDev("while ! [ -S /tmp/tmux-1000/deaf ]; do sleep 0.1; done");
  await using one = await somebody();
  const said = await tell("still told", "--id", "c-1");
  expect(said).toMatchObject({ told: 1, shown: 0 });
  expect(said.took).toBeLessThan(5000);
  await one.waitFor("still told");
  await asDev("rm /run/user/1000/devbox.notice-shown; ln -s /etc/shadow /run/user/1000/devbox.notice-shown");
  expect(await tell("still told", "--id", "c-1")).toMatchObject({ shown: 0 });
  // Where the text lies, dev can put nothing.
  const tried = await box.asDev(
    "sh",
    "-c",
    `ln -s /etc/passwd ${NOTICE}.new || mv ${NOTICE} /tmp || echo x >${NOTICE}`,
  );
  expect(tried.exitCode).not.toBe(0);
  expect((await box.asRoot("pgrep", "-x", "-c", "tmux")).stdout.trim()).toBe("0");
  await asDev("pkill -x perl; rm -rf /tmp/tmux-1000 /run/user/1000/devbox.notice-shown");
  await tell("", "--clear");
});
