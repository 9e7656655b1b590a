import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type AttackHost, attackHost, eachLine, inBackground, PROGRAM } from "../support/attack-host.ts";
import { importChanges, PARTS_LABEL } from "../../src/core/image-contract.ts";
import { quoted } from "../support/host-ssh.ts";
import { waitFor } from "../support/wait.ts";

// What a caller's process hands on to the account's: environment, directory, streams, limits, priorities; and files that change
// under a copy's hands.

const MARK = "evil-marker";
const VARIABLES = [
  ...[
    "NODE_OPTIONS",
    "NODE_PATH",
    "NODE_EXTRA_CA_CERTS",
    "NODE_DEBUG",
    "NODE_V8_COVERAGE",
    "NODE_COMPILE_CACHE",
    "NODE_ENV",
  ],
  ...[
    "LD_PRELOAD",
    "LD_LIBRARY_PATH",
    "LD_AUDIT",
    "GCONV_PATH",
    "LOCPATH",
    "BASH_ENV",
    "ENV",
    "IFS",
    "PS4",
    "SHELLOPTS",
  ],
  ...[
    "TMPDIR",
    "HOME",
    "XDG_CONFIG_HOME",
    "XDG_DATA_HOME",
    "XDG_STATE_HOME",
    "XDG_CACHE_HOME",
    "XDG_RUNTIME_DIR",
    "USER",
  ],
  ...[
    "DEVBOX_CONFIG",
    "DEVBOX_CTL_CONFIG_DIR",
    "DEVBOX_CTL_DATA_DIR",
    "DEVBOX_CTL_CACHE_DIR",
    "DEBUG",
    "OCLIF_TS_NODE",
  ],
  ...[
    "CONTAINERS_CONF",
    "CONTAINER_HOST",
    "CONTAINERS_STORAGE_CONF",
    "DBUS_SESSION_BUS_ADDRESS",
    "LOGNAME",
    "SUDO_USER",
  ],
  ...[
    "OP_SERVICE_ACCOUNT_TOKEN",
    "TS_AUTHKEY",
    "SSH_CONNECTION",
    "SSL_CERT_FILE",
    "HTTPS_PROXY",
    "LC_EVIL",
    "OPENSSL_CONF",
  ],
];

let at: AttackHost;

beforeAll(async () => {
  at = await attackHost();
}, 300_000);

afterAll(() => at.host.stop());

/** Whether a text is in the environment of any process of the account; a process for `pattern` has to be there. */
async function inEnvironment(pattern: string): Promise<string> {
  await waitFor(async () => expect(await at.accountsProcesses(`podman.*${pattern}`)).not.toBe(""));
  return (await at.host.root(`grep -lz -e ${MARK} $(pgrep -u devbox | sed 's,.*,/proc/&/environ,') 2>/dev/null`))
    .stdout;
}

describe("the environment", () => {
  it("of a shell does not come through sudo: Node's, the linker's, the shell's, Podman's, oclif's, ours [FR-045] [SC-012]", async () => {
    const settings = VARIABLES.filter((name) => name !== "IFS").map((name) => `${name}=/tmp/${MARK}`);
    const shims = `mkdir -p /tmp/${MARK}; for p in node podman getent flock sh env; do
      printf '#!/bin/sh\\necho shim >>/tmp/shimmed-$(id -u)\\n' >/tmp/${MARK}/$p; chmod 755 /tmp/${MARK}/$p; done`;
    const line = `${shims}; cd /; env ${settings.join(" ")} 'BASH_FUNC_printf%%=() { id; }' PATH=/tmp/${MARK}:/usr/bin:/bin`;
    const running = inBackground(
      at.host,
      at.alice,
      `${line} /usr/bin/sudo -n -u devbox ${PROGRAM} exec api -- sleep 311`,
    );
    try {
      expect(await inEnvironment("sleep 311")).toBe("");
      expect((await at.host.root(`ls /tmp/shimmed-${String(at.uid)}`)).exitCode).not.toBe(0);
    } finally {
      running.kill();
    }
    for (const name of VARIABLES) {
      const set = await at.alice.run(`/usr/bin/sudo -n -u devbox ${name}=/tmp/x ${PROGRAM} list`);
      expect([name, set.exitCode, set.stdout]).toEqual([name, 1, ""]);
    }
  });

  it("of an ssh client does not come with a key, nor a file of the account's home that would be read [FR-045] [SC-012]", async () => {
    const options = VARIABLES.flatMap((name) => ["-o", `SetEnv=${name}=${MARK}`]);
    const running = inBackground(at.host, at.bob, "exec bobs -- sleep 312", options);
    try {
      expect(await inEnvironment("sleep 312")).toBe("");
    } finally {
      running.kill();
    }
    const locale = ["-o", "SetEnv=LC_ALL=../../../../tmp/x", "-o", "SetEnv=LANG=$(id)"];
    expect(await at.bob.run("exec bobs -- id -un", { options: locale })).toMatchObject({ stdout: "dev", exitCode: 0 });
  });
});

describe("a caller's process", () => {
  it("may stand in a directory that is gone or unreadable, have no streams, and mask files and signals as it likes [FR-045]", async () => {
    const results = await eachLine(at.alice, [
      `mkdir /tmp/gone; cd /tmp/gone; rmdir /tmp/gone; ${PROGRAM} list`,
      "mkdir -p /tmp/shut; cd /tmp/shut; chmod 0 /tmp/shut; devbox-ctl list; c=$?; chmod 700 /tmp/shut; exit $c",
      "for i in 1 2 3; do devbox-ctl list <&- >&- 2>&-; done; devbox-ctl list <&-",
      "devbox-ctl exec api -- touch /home/dev/masked <&- >/dev/null 2>&-",
      "umask 000; devbox-ctl exec api -- true",
      "umask 777; devbox-ctl list",
      "trap '' PIPE CHLD HUP TERM INT QUIT TSTP USR1; devbox-ctl list",
      "nice -n 19 chrt -i 0 taskset 1 devbox-ctl list",
      "ulimit -c unlimited; devbox-ctl list",
    ]);
    for (const [line, exitCode, output] of results)
      expect([line, exitCode, output]).toEqual([line, 0, expect.anything()]);
    const odd = "find /var/lib/devbox /run/user/*/devbox -maxdepth 1 -user devbox -perm /077 -type f";
    expect(await at.host.rootOk(odd)).toBe("");
    expect(await at.bobsBoxes()).toEqual(["bobs"]);
  });

  it("may lower its limits: a create is then whole or not begun, and bob notices nothing [FR-045] [SC-007]", async () => {
    for (const limit of [
      "-f 4",
      "-v 400000",
      "-t 1",
      "-n 8",
      "-n 64",
      "-u 1",
      "-s 64",
      "-d 4000",
      "-l 0",
      "-i 0",
      "-x 0",
    ]) {
      const { exitCode, stderr } = await at.alice.run([
        "bash",
        "-c",
        `ulimit ${limit}; devbox-ctl create low --additional -q`,
      ]);
      const { stdout } = await at.alice.run("devbox-ctl list --json");
      const { boxes } = JSON.parse(stdout) as { boxes: { name: string; state: string }[] };
      const low = boxes.find(({ name }) => name === "low");
      expect([limit, low?.state, stderr]).toEqual([limit, exitCode === 0 ? "running" : undefined, expect.anything()]);
      if (low) expect(await at.alice.run("devbox-ctl destroy low --yes")).toMatchObject({ exitCode: 0 });
      expect(await at.bobsBoxes()).toEqual(["bobs"]);
    }
  });

  it("may be frozen in a control group of hers: what she started for the account is not in it [FR-045] [SC-012]", async () => {
    // Frozen in the middle of a change to the ledger, it would hold the lock for everybody.
    const script = `g=/sys/fs/cgroup$(grep ^0:: /proc/self/cgroup | cut -d: -f3)/in; mkdir $g
      (echo $BASHPID >$g/cgroup.procs; exec devbox-ctl exec api -- sleep 314) </dev/null >/dev/null 2>&1 &
      sleep 5; for p in $(cat $g/cgroup.procs); do ps -o user= -p $p; done; echo 1 >$g/cgroup.freeze; sleep 8
      echo 0 >$g/cgroup.freeze; echo 1 >$g/cgroup.kill; echo tried`;
    const own = 'export XDG_RUNTIME_DIR=/run/user/$(id -u); systemd-run --user --scope -q -p Delegate=yes bash -c "$0"';
    const attack = at.alice.run(["timeout", "60", "bash", "-c", own, script]);
    await waitFor(async () => expect(await at.accountsProcesses("main.cjs.*sleep 314")).not.toBe(""));
    const groups = "cat $(pgrep -u devbox -f 'main.cjs.*sleep 314' | sed 's,.*,/proc/&/cgroup,') | grep ^0::";
    expect(await at.host.rootOk(groups)).toContain(`/user@${String(at.uid)}.service/`);
    const { stdout } = await attack;
    expect(stdout.split("\n")).toEqual(expect.arrayContaining(["alice", "root", "tried"]));
    expect(stdout).not.toContain("devbox");
    expect(await at.host.journal(["--since=-2min", "_COMM=systemd"])).not.toContain("sleep 314");
  });

  it("makes no core file of the account's, whatever it asks for [FR-045]", async () => {
    const running = inBackground(at.host, at.alice, "ulimit -c unlimited; devbox-ctl exec api -- sleep 313");
    try {
      await waitFor(async () => expect(await at.accountsProcesses("main.cjs.*sleep 313")).not.toBe(""));
      const limits = "grep -h 'core file' $(pgrep -u devbox -f 'main.cjs.*sleep 313' | sed 's,.*,/proc/&/limits,')";
      expect(await at.host.rootOk(limits)).toMatch(/^Max core file size +0 /);
    } finally {
      running.kill();
    }
  });
});

describe("copies", () => {
  it("read with alice's rights alone while a name is swapped between her file and the account's [FR-026] [SC-012]", async () => {
    const race = `mkdir -p r && cd r && echo mine >own && mkdir -p real && echo mine >real/config.yaml
      (end=$((SECONDS+9)); while [ $SECONDS -lt $end ]; do ln -sfn own f; ln -sfn /etc/devbox/config.yaml f
        ln -sfn real d; ln -sfn /etc/devbox d; done) &
      for i in 1 2 3 4; do devbox-ctl cp f api:got-$i -q; devbox-ctl cp d/config.yaml api:deep-$i -q; done 2>/dev/null
      wait; devbox-ctl exec api -- sh -c 'cat got-* deep-* 2>/dev/null'; echo tried`;
    const { stdout } = await at.alice.run(["timeout", "90", "bash", "-c", race]);
    expect(stdout).toContain("tried");
    expect(stdout.split("\n").filter((line) => line !== "mine" && line !== "tried")).toEqual([]);
  });

  it("write with her rights alone, and from the box nothing but what is below its home [FR-026] [SC-012]", async () => {
    const swap =
      "end=$(($(date +%s)+12)); while [ $(date +%s) -lt $end ]; do rm -rf d; mkdir d; echo mine >d/shadow; rm -rf d; ln -s /etc d; done";
    const race = `mkdir -p w && cd w
      devbox-ctl exec api -- sh -c 'cd; ${swap}' &
      (end=$((SECONDS+12)); while [ $SECONDS -lt $end ]; do ln -sfn /etc/devbox o; ln -sfn /var/lib/devbox o; rm o; mkdir o; rm -rf o; done) 2>/dev/null &
      for i in 1 2 3 4; do echo box | devbox-ctl cp - api:d/by-cp-$i -q; devbox-ctl cp api:d/shadow - ; devbox-ctl cp api:masked o/by-cp -q; done 2>/dev/null
      wait; devbox-ctl exec api -- sh -c 'ls /etc | grep by-cp'; echo tried`;
    const { stdout } = await at.alice.run(["timeout", "110", "bash", "-c", race]);
    expect(stdout).toContain("tried");
    expect(stdout.split("\n").filter((line) => line !== "mine" && line !== "tried")).toEqual([]);
    expect(
      await at.host.rootOk("find /etc/devbox /var/lib/devbox -maxdepth 1 -name '*by-cp*' -o -maxdepth 1 -name masked"),
    ).toBe("");
  });
});

describe("labels", () => {
  it("that an image brings make its box neither bob's nor another [FR-026] [SC-012]", async () => {
    const labels = { owner: "bob", box: "bobs", id: "bobsbobs", kind: "box", namespace: "devbox", spec: "{}" };
    const ours = Object.entries(labels).map(([key, value]) => [`devbox-ctl.${key}`, value]);
    const changes = importChanges({ [PARTS_LABEL]: "", ...(Object.fromEntries(ours) as Record<string, string>) });
    const words = changes.flatMap((change) => ["--change", change]);
    const copy = `podman export ${await at.containerId("api")} | podman import --quiet ${quoted(words)} - localhost/forged`;
    expect(await (await at.host.account()).run(["bash", "-o", "pipefail", "-c", copy])).toMatchObject({ exitCode: 0 });
    const made = await at.alice.run("devbox-ctl create forged --additional --image localhost/forged -q");
    expect(await at.bobsBoxes()).toEqual(["bobs"]);
    expect(made).toMatchObject({ exitCode: 0 });
    const { stdout } = await at.carol.run("devbox-ctl list --all --json");
    const { boxes } = JSON.parse(stdout) as { boxes: { name: string; owner: string }[] };
    const owners = boxes.map(({ name, owner }) => `${name} ${owner}`).sort();
    expect(owners).toEqual(["api alice", "bobs bob", "forged alice"]);
    expect((await at.bob.run("exec forged -- id")).exitCode).toBe(3);
    expect((await at.bob.run("exec bobs -- id -un")).stdout).toBe("dev");
    await at.alice.run("devbox-ctl destroy forged --yes");
    expect((await at.bob.run("status bobs")).exitCode).toBe(0);
  });
});
