import { createHash, randomBytes } from "node:crypto";
import { readFile, writeFile } from "node:fs/promises";
import path from "node:path";
import { execa } from "execa";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { testHost, type TestHost } from "../support/host.ts";
import type { SshSession } from "../support/host-ssh.ts";
import { openTerminal } from "../support/tmux.ts";
import { waitFor } from "../support/wait.ts";

const PROGRAM = "/usr/local/lib/devbox-ctl/bin/devbox-ctl";
const MIB = 1024 * 1024;
const sha = (bytes: Buffer) => createHash("sha256").update(bytes).digest("hex");

let host: TestHost;
let alice: SshSession;
let carol: SshSession;
let eve: SshSession;
/** bob has no shell here: he comes by a key of the service account. */
let bob: SshSession;

async function bindKey(name: string): Promise<SshSession> {
  const key = await host.keyFor(`${name}-laptop`);
  const added = await carol.run(`devbox-ctl user add-key ${name} --file -`, { input: `${key.publicKey}\n` });
  expect([added.exitCode, added.stderr]).toEqual([0, expect.any(String)]);
  return host.session(key, "devbox");
}

beforeAll(async () => {
  host = await testHost();
  [alice, eve] = [await host.addUser("alice"), await host.addUser("eve")];
  carol = await host.addUser("carol", { groups: ["wheel"] });
  await host.install();
  await host.image();
  bob = await bindKey("bob");
  expect(await alice.run("devbox-ctl create api --quiet")).toMatchObject({ exitCode: 0 });
  expect(await bob.run("create bobs --quiet")).toMatchObject({ exitCode: 0 });
}, 300_000);

afterAll(() => host.stop());

describe("both ways lead to the same program", () => {
  const ways = () =>
    [
      ["sudo", alice, "devbox-ctl ", "api"],
      ["a key", bob, "", "bobs"],
    ] as const;

  it("with exit codes, quotes, and standard streams as they are [FR-002]", async () => {
    for (const [, who, prefix, box] of ways()) {
      expect(await who.run(`${prefix}exec ${box} -- sh -c 'cat; echo "a  b" >&2; exit 9'`, { input: "in" })).toEqual({
        ...{ stdout: "in", stderr: "a  b", exitCode: 9 },
      });
      expect((await who.run(`${prefix}exec ${box} -- printf %s '$HOME;*|'`)).stdout).toBe("$HOME;*|");
      expect(await who.run(`${prefix}status nobody --json`)).toMatchObject({ exitCode: 3 });
      const listed = JSON.parse((await who.run(`${prefix}list --json`)).stdout) as { boxes: { name: string }[] };
      expect(listed.boxes.map(({ name }) => name)).toEqual([box]);
    }
  });

  it("with 50 MB of any bytes in and out", async () => {
    const bytes = randomBytes(50 * MIB);
    for (const [, who, prefix, box] of ways()) {
      const [program = "", ...words] = who.ssh(`${prefix}exec ${box} -- cat`);
      const { stdout } = await execa(program, words, { ...quiet(), input: bytes, encoding: "buffer" });
      expect(sha(Buffer.from(stdout))).toBe(sha(bytes));
    }
  });

  it("with a terminal, its size and its resizing, and Ctrl-C", async () => {
    for (const [, who, prefix, box] of ways()) {
      await using terminal = await openTerminal(who.ssh(`${prefix}ssh ${box}`, ["-tt"]), { env: host.env, cols: 90 });
      await terminal.type("stty size; echo ready\n");
      await terminal.waitFor(/^30 90\s+ready/m);
      await terminal.resize(70, 20);
      await waitFor(async () => {
        await terminal.type("stty size\n");
        await terminal.waitFor(/^20 70$/m, 1000);
      });
      await terminal.type("sleep 1000\n");
      await terminal.press("C-c");
      await terminal.type("echo over $?; exit 6\n");
      await terminal.waitFor("over 130");
      expect(await terminal.exitCode()).toBe(6);
    }
  });

  it("with a shell for scripts when there is no terminal", async () => {
    expect(await bob.run("ssh bobs", { input: "tty; echo $0 >/dev/null; exit 4\n" })).toMatchObject({
      stdout: "not a tty",
      exitCode: 4,
    });
  });

  it("and follow a log until they are told to stop", async () => {
    const [program = "", ...words] = alice.ssh("devbox-ctl logs api -f");
    const following = execa(program, words, { ...quiet(), stdin: "ignore" });
    await waitFor(async () => expect(await processesOf("devbox-ctl|podman.*logs")).not.toBe(""));
    following.kill("SIGTERM");
    await following;
  });
});

function quiet() {
  return { extendEnv: false, env: host.env, reject: false, maxBuffer: 100 * MIB, stripFinalNewline: false } as const;
}

const processesOf = async (pattern: string) => (await host.root(["pgrep", "-u", "devbox", "-af", pattern])).stdout;

describe("who asks", () => {
  it("is let in when they are a configured user or an administrator, and told what to do when not [FR-026]", async () => {
    expect(await eve.run("devbox-ctl list")).toMatchObject({ exitCode: 4, stdout: "" });
    const { stdout } = await eve.run("devbox-ctl list --json");
    expect(JSON.parse(stdout)).toMatchObject({ error: { code: "NOT_PERMITTED" } });
    expect(await carol.run("devbox-ctl config show")).toMatchObject({ exitCode: 0 });
    expect((await alice.run("devbox-ctl config show")).stderr).toContain("for administrators");
    expect(await alice.run("devbox-ctl config schema")).toMatchObject({ exitCode: 0 });
  });

  it("cannot be said by anybody [SC-007]", async () => {
    const sudo = `sudo -n -u devbox ${PROGRAM}`;
    for (const words of [
      "--as bob gate",
      "list --as bob",
      "list --as=bob",
      "list --config /tmp/x",
      "list --config=/x",
    ]) {
      expect(await alice.run(`${sudo} ${words}`)).toMatchObject({ exitCode: 4 });
      expect(await bob.run(words)).not.toMatchObject({ exitCode: 0 });
    }
    expect(await alice.run("devbox-ctl create two --image -- --config=/tmp/x")).toMatchObject({ exitCode: 4 });
    expect(await alice.run(`SUDO_UID=0 SSH_ORIGINAL_COMMAND=list ${sudo} exec bobs -- id`)).toMatchObject({
      exitCode: 3,
    });
    expect(await alice.run(`sudo -n -u devbox SUDO_UID=0 ${PROGRAM} list`)).not.toMatchObject({ exitCode: 0 });
    expect(await alice.run("sudo -n -u devbox id")).toMatchObject({ exitCode: 1 });
  });

  it("gets nothing run by quotes, line breaks or options of others in what they type", async () => {
    for (const line of ["list\nid", "list; id", "list && id", "$(id)", "list `id`", "list '", 'list "', "list \\"]) {
      const { stdout, exitCode } = await bob.run(line);
      expect([line, stdout.includes("uid="), exitCode]).toEqual([line, false, 2]);
    }
    expect((await bob.run("/usr/lib/openssh/sftp-server")).stderr).toContain("ssh-config");
    expect((await bob.run("scp -t /tmp/x")).stderr).toContain("ssh-config");
    expect((await bob.run("rsync --server . /tmp")).stderr).toContain("ssh-config");
    expect((await bob.run("")).stdout).toMatch(/You are bob on orchestrator.*bobs/s);
    expect(await bob.run("port-forward bobs 8080")).toMatchObject({ exitCode: 4 });
  });

  it("brings nothing along: no environment, no directory, no limit", async () => {
    const hostile = [
      'printf \'require("fs").writeFileSync("/tmp/got-"+process.getuid(),"")\' >/tmp/evil.js; chmod 755 /tmp/evil.js',
      "export NODE_OPTIONS=--require=/tmp/evil.js NODE_PATH=/tmp DEVBOX_CONFIG=/tmp/none.yaml BASH_ENV=/tmp/evil.sh",
      "export XDG_CONFIG_HOME=/tmp/a XDG_DATA_HOME=/tmp/a XDG_STATE_HOME=/tmp/a XDG_RUNTIME_DIR=/tmp/a CONTAINERS_CONF=/tmp/c",
      "export DEVBOX_CTL_CONFIG_DIR=/tmp/a DEVBOX_CTL_DATA_DIR=/tmp/a LD_PRELOAD=/tmp/none.so PATH=/tmp/a:$PATH",
      "mkdir -p /tmp/gone && cd /tmp/gone && rmdir /tmp/gone",
    ];
    const ran = await alice.run([...hostile, "devbox-ctl list --json"].join("\n"));
    expect(JSON.parse(ran.stdout)).toMatchObject({ boxes: [{ name: "api" }] });
    expect((await host.root("ls /tmp/got-$(id -u devbox)")).exitCode).not.toBe(0);

    const [program = "", ...words] = alice.ssh("FOO=bar devbox-ctl exec api -- sleep 60");
    const running = execa(program, words, { ...quiet(), stdin: "ignore" });
    const pid = await waitFor(async () => {
      const found = (await processesOf("main.cjs exec")).split("\n").find((line) => line.includes("/node "));
      if (found === undefined) throw new Error("not yet");
      return found.split(" ")[0] ?? "";
    });
    const environment = await host.rootOk(`tr '\\0' '\\n' </proc/${pid}/environ | cut -d= -f1 | sort | tr '\\n' ' '`);
    expect(environment).toMatch(
      /^DBUS_SESSION_BUS_ADDRESS HOME (LANG |LC_\w+ )*LOGNAME PATH SUDO_UID (TERM |TZ )*USER XDG_RUNTIME_DIR $/,
    );
    expect(await host.rootOk(`readlink /proc/${pid}/cwd; grep Umask /proc/${pid}/status`)).toBe("/\nUmask:\t0077");
    // What holds the user's place is Node alone: neither podman nor conmon, which may run on for long.
    const holders = "find /proc/[0-9]*/fd -lname '*/devbox/places/*' 2>/dev/null | cut -d/ -f-3 | sort -u";
    const programs = await host.rootOk(`for p in $(${holders}); do readlink $p/exe; done | sort -u`);
    expect(programs).toBe(await host.rootOk(`readlink /proc/${pid}/exe`));
    expect((await host.rootOk(holders)).split("\n")).toContain(`/proc/${pid}`);
    running.kill("SIGTERM");
    await running;
  });

  it("with limits lowered too far is refused before anything is done; soft ones are lifted", async () => {
    for (const limit of ["-f 4", "-v 1000000", "-t 1", "-n 20", "-s 100", "-d 5000"]) {
      const { stderr, exitCode } = await alice.run(`ulimit ${limit}; devbox-ctl create limited`);
      expect([limit, exitCode, stderr]).toEqual([limit, 10, expect.stringContaining("nothing was done")]);
    }
    const soft = ["-f 4", "-n 30", "-t 100", "-v 900000", "-s 200"].map((limit) => `ulimit -S ${limit}`);
    expect(await alice.run([...soft, "devbox-ctl exec api -- id -un"].join("; "))).toMatchObject({
      ...{ stdout: "dev", exitCode: 0 },
    });
    expect((await alice.run("devbox-ctl list")).stdout).not.toContain("limited");
  });

  it("is told by us when sudo lets nobody through", async () => {
    await host.rootOk("mv /etc/sudoers.d/devbox /root/");
    const { stderr, exitCode } = await alice.run("devbox-ctl list");
    const json = await alice.run("devbox-ctl list --json");
    await host.rootOk("mv /root/devbox /etc/sudoers.d/");
    expect([exitCode, stderr]).toEqual([4, expect.stringContaining("devbox-ctl host setup")]);
    expect(JSON.parse(json.stdout)).toMatchObject({ error: { code: "NOT_PERMITTED" } });
  });
});

describe("files", () => {
  it("are read and written with the caller's rights, whatever they are named", async () => {
    const bytes = randomBytes(3 * MIB);
    await writeFile(path.join(host.folder, "b"), bytes);
    await execa("scp", [...alice.options, path.join(host.folder, "b"), `${alice.destination}:b`], quiet());
    const script = [
      "devbox-ctl cp b api: -q; devbox-ctl exec api -- sha256sum /home/dev/b",
      "devbox-ctl cp api:b back -q; sha256sum back",
      "mkdir -p d/e; ln -s /etc/shadow d/link; echo x >d/e/f; devbox-ctl cp d api: -q",
      "devbox-ctl exec api -- readlink /home/dev/d/link; devbox-ctl cp api:d copy -q; readlink copy/link; stat -c %U copy",
    ].join("\n");
    const { stdout } = await alice.run(script);
    const sum = sha(bytes);
    expect(stdout.replaceAll(/ +\S+$/gm, "")).toBe([sum, sum, "/etc/shadow", "/etc/shadow", "alice"].join("\n"));
    for (const file of ["/etc/shadow", "/var/lib/devbox/authorized_keys", "/etc/devbox/config.yaml"]) {
      expect(await alice.run(`devbox-ctl cp ${file} api:`)).toMatchObject({ exitCode: 4 });
      expect(await alice.run(`sudo -n -u devbox ${PROGRAM} cp ${file} api:`)).toMatchObject({ exitCode: 4 });
      expect(await bob.run(`cp ${file} bobs:`)).toMatchObject({ exitCode: 4 });
    }
    expect(await alice.run("devbox-ctl cp b bobs:")).toMatchObject({ exitCode: 3 });
    expect(await alice.run("devbox-ctl cp api:none .")).toMatchObject({ exitCode: 2 });
    expect(await alice.run("devbox-ctl cp api:../../etc/passwd .")).toMatchObject({ exitCode: 2 });
  });

  it("are streams alone for who has only a key", async () => {
    const bytes = await readFile(path.join(host.folder, "b"));
    const [program = "", ...words] = bob.ssh("cp - bobs:b");
    await execa(program, words, { ...quiet(), input: bytes });
    const back = await execa(program, [...words.slice(0, -1), "cp bobs:b -"], { ...quiet(), encoding: "buffer" });
    expect(sha(Buffer.from(back.stdout))).toBe(sha(bytes));
  });

  it("do not fill the host's disk: a copy ends before the reserve is used, and leaves nothing", async () => {
    const free = Number(await host.rootOk("df --output=avail -B1 /var/lib/devbox | tail -1"));
    const config = await host.rootOk("cat /etc/devbox/config.yaml");
    await host.rootOk(["sh", "-c", "cat >/etc/devbox/config.yaml"], {
      input: config.replace(/disk:.*|"disk":.*/, (line) =>
        line.replace(/"?64MiB"?/, `"${String(Math.floor(free / MIB) - 300)}MiB"`),
      ),
    });
    const { stderr, exitCode } = await alice.run("head -c 2000000000 /dev/zero | devbox-ctl cp - api:huge");
    await host.rootOk(["sh", "-c", "cat >/etc/devbox/config.yaml"], { input: config });
    expect([exitCode, stderr]).toEqual([10, expect.stringContaining("too little disk")]);
    expect((await alice.run("devbox-ctl exec api -- sh -c 'ls -A /home/dev | grep -c huge'")).stdout).toBe("0");
    expect((await alice.run("devbox-ctl exec api -- find /home/dev -size +1M -newer /home/dev/d")).stdout).toBe("");
  });

  it("bring images for administrators, on standard input", async () => {
    const tar = await alice.run("echo none >x.tar; devbox-ctl image load x.tar");
    expect([tar.exitCode, tar.stderr]).toEqual([4, expect.stringContaining("for administrators")]);
    const bad = await carol.run("echo none >x.tar; devbox-ctl image load x.tar");
    expect([bad.exitCode, bad.stderr]).toEqual([7, expect.any(String)]);
    expect(await carol.run("devbox-ctl image load /etc/shadow")).toMatchObject({ exitCode: 4 });
  });
});

describe("a connection that breaks", () => {
  it("in the middle of a create leaves a whole box or none", async () => {
    for (const [who, prefix, tty] of [
      [alice, "devbox-ctl ", true],
      [bob, "", true],
      [alice, "devbox-ctl ", false],
    ] as const) {
      for (const wait of [300, 900, 2500]) {
        const [program = "", ...words] = who.ssh(`${prefix}create broken --additional`, tty ? ["-tt"] : []);
        const creating = execa(program, words, { ...quiet(), stdin: "ignore" });
        setTimeout(() => creating.kill("SIGKILL"), wait);
        await creating;
        await waitFor(async () => expect(await processesOf("main.cjs (create|--as)")).toBe(""), 60_000);
        const { stdout } = await who.run(`${prefix}list --json`);
        const { boxes } = JSON.parse(stdout) as { boxes: { name: string; state: string }[] };
        const broken = boxes.find(({ name }) => name === "broken");
        expect([undefined, "running"]).toContain(broken?.state);
        if (broken) expect(await who.run(`${prefix}destroy broken --yes`)).toMatchObject({ exitCode: 0 });
      }
    }
  }, 300_000);

  it("leaves boxes and what runs in them alone", async () => {
    expect((await alice.run("devbox-ctl exec api -- cat /proc/1/comm")).exitCode).toBe(0);
    expect((await bob.run("list")).stdout).toContain("running");
  });
});
