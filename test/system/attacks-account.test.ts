import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type AttackHost, attackHost, eachLine, inBackground, PROGRAM } from "../support/attack-host.ts";
import { waitFor } from "../support/wait.ts";

// alice has a shell on the host and wants the service account itself: its shell, its files, its processes.

let at: AttackHost;

beforeAll(async () => {
  at = await attackHost();
}, 300_000);

afterAll(() => at.host.stop());

const expectRefused = async (lines: readonly string[]): Promise<void> => {
  for (const [line, exitCode, output] of await eachLine(at.alice, lines)) {
    expect([line, exitCode === 0, /uid=\d+\(devbox\)/.test(output)]).toEqual([line, false, false]);
  }
};

describe("sudo", () => {
  it("gives no shell of the account, no other program, user, group, directory or root, and no file to edit [FR-026] [SC-012]", async () => {
    await expectRefused([
      ...["sh -c id", "-s id", "-i id", "id", "env sh", `${PROGRAM}/../../../bin/sh`].map(
        (w) => `sudo -n -u devbox ${w}`,
      ),
      `sudo -n -u devbox -- ${PROGRAM}/../../bin/devbox-ctl list`,
      `sudo -n -u devbox ${PROGRAM.replace("devbox-ctl", "account.sh")}`,
      "sudo -n -u devbox /usr/local/lib/devbox-ctl/node_modules/node/bin/node -e 1",
      ...["-u root", "-u alice", "-g devbox", "-u devbox -g root", "-u devbox -g wheel", "-u devbox -g alice"].map(
        (as) => `sudo -n ${as} ${PROGRAM} list`,
      ),
      ...["-D /tmp", "-R /tmp", "-C 100", "-E", "-T 1", "-h other", "--preserve-env=PATH"].map(
        (flag) => `sudo -n ${flag} -u devbox ${PROGRAM} list`,
      ),
      "sudoedit -n -u devbox /etc/devbox/config.yaml",
      "sudo -n -e -u devbox /var/lib/devbox/authorized_keys",
      "su -s /bin/sh devbox -c id </dev/null",
    ]);
  });

  it("lets alice in as alice, however the account is named, and whatever name the program has", async () => {
    const fake = "mkdir -p /tmp/a; printf '#!/bin/sh\\nid\\n' | tee /tmp/a/node >/tmp/a/account.sh; chmod 755 /tmp/a/*";
    const link = `${fake}; ln -sf ${PROGRAM} /tmp/a/devbox-ctl; cd /tmp/a`;
    for (const line of [
      `sudo -n -u '#${String(at.uid)}' ${PROGRAM} list --json`,
      `sudo -n -P -u devbox ${PROGRAM} list --json`,
      `${link}; sudo -n -u devbox ./devbox-ctl list --json`,
      `${link}; sudo -n -u devbox /tmp/a/devbox-ctl list --json`,
      `${link}; PATH=/tmp/a:$PATH /tmp/a/devbox-ctl list --json`,
    ]) {
      const { stdout } = await at.alice.run(line);
      expect([line, JSON.parse(stdout)]).toMatchObject([line, { boxes: [{ name: "api" }] }]);
    }
  });

  it("lets root in as an administrator, and nobody who only says that they are root", async () => {
    for (const variable of ["SUDO_UID=0", "SUDO_USER=root", "SUDO_USER=bob SUDO_UID=1", "USER=root", "LOGNAME=bob"]) {
      const [, code] = (await eachLine(at.alice, [`sudo -n -u devbox ${variable} ${PROGRAM} list`]))[0] ?? [];
      expect([variable, code]).toEqual([variable, 1]);
      expect((await at.alice.run(`env ${variable} devbox-ctl status bobs`)).exitCode).toBe(3);
    }
  });
});

describe("the account's manager, socket and files", () => {
  it("are closed: systemd, D-Bus, podman.socket, /run/user, logind, subordinate ids [SC-012]", async () => {
    const socket = `/run/user/${String(at.uid)}/podman/podman.sock`;
    await expectRefused([
      "systemctl --user -M devbox@ list-units",
      "systemd-run -M devbox@.host --user --wait id",
      "systemd-run --uid=devbox --wait id",
      "systemctl stop user@$(id -u devbox).service",
      "systemctl stop devbox-reaper.timer",
      "busctl --user -M devbox@ list",
      `DBUS_SESSION_BUS_ADDRESS=unix:path=/run/user/${String(at.uid)}/bus busctl --user list`,
      "loginctl terminate-user devbox",
      "loginctl kill-user devbox",
      "loginctl disable-linger devbox",
      `podman --url unix://${socket} ps`,
      `curl -fsS --unix-socket ${socket} http://d/v4.0.0/libpod/info`,
      `ls /run/user/${String(at.uid)}`,
      "unshare -Ur true && newuidmap $$ 0 65536 1",
    ]);
  });

  it("cannot be read: ledger, keys, configuration, token, the rule of sudo, volumes, Podman's storage [SC-012]", async () => {
    await at.host.rootOk("install -m 0640 -g devbox /dev/null /etc/devbox/op-token");
    const files = [
      "/etc/devbox/config.yaml",
      "/etc/devbox/op-token",
      "/etc/devbox/.setup.json",
      "/etc/sudoers.d/devbox",
    ];
    const state = [
      "authorized_keys",
      "ledger.sqlite",
      "ledger.db",
      ".local/share/containers/storage/volumes",
      ".config",
    ];
    for (const file of [...files, ...state.map((name) => `/var/lib/devbox/${name}`), "/var/lib/devbox"]) {
      await expectRefused([`cat ${file}`, `ls ${file}/`, `cp -r ${file} /tmp/stolen`, `echo >>${file}`]);
      expect((await at.eve.run(`cat ${file}`)).exitCode).toBe(1);
    }
    const open = "find / -xdev \\( -user devbox -o -group devbox \\) \\( -perm /o+w -o -readable \\) -not -type l";
    const found = (await at.alice.run(`${open} -not -path '/proc/*' -not -path '/sys/*' 2>/dev/null`)).stdout;
    // Terminals of sudo are of those whose they are; what is left must be nothing of the account's.
    expect(found.split("\n").filter((line) => line !== "" && !line.startsWith("/dev/pts/"))).toEqual([]);
    const program =
      "find -L /usr/local/lib/devbox-ctl /usr/local/bin/devbox-ctl /etc/devbox -maxdepth 6 -writable 2>/dev/null";
    expect((await at.alice.run(program)).stdout).toBe("");
  });
});

describe("processes of the account", () => {
  it("are not alice's to read, trace, enter or signal: not those for her, not bob's, not conmon [FR-026] [SC-012]", async () => {
    const bobs = inBackground(at.host, at.bob, "exec bobs -- sleep 301");
    const hers = inBackground(at.host, at.alice, "devbox-ctl exec api -- sleep 302");
    try {
      const pids = await waitFor(async () => {
        const found = await at.accountsProcesses("sleep 30[12]|conmon|podman.*service");
        if (!found.includes("sleep 301") || !found.includes("sleep 302")) throw new Error("not yet");
        return found.split("\n").flatMap((line) => line.split(" ")[0] ?? []);
      });
      expect(pids.length).toBeGreaterThan(5);
      const looks = [
        "cat /proc/$p/environ",
        "cat /proc/$p/maps",
        "cat /proc/$p/mem",
        "ls /proc/$p/fd/",
        "ls /proc/$p/root/",
      ];
      const more = [
        "ls /proc/$p/cwd/",
        "ls /proc/$p/task/$p/fd/",
        "cat /proc/$p/root/etc/devbox/config.yaml",
        "nsenter -t $p -U true",
      ];
      const signals = ["TERM", "KILL", "STOP", "USR1", "HUP", "INT", "0"].map((signal) => `kill -${signal} $p`);
      const tries = [...looks, ...more, ...signals].map((line) => `${line} >/dev/null 2>&1 && echo "$p: ${line}"`);
      const { stdout } = await at.alice.run(`for p in ${pids.join(" ")}; do\n${tries.join("\n")}\ndone; echo tried`);
      expect(stdout).toBe("tried");
      expect(await at.accountsProcesses("sleep 301")).not.toBe("");
    } finally {
      bobs.kill();
      hers.kill();
    }
  });

  it("open no debugger when alice signals her sudo, which passes signals on [FR-026] [SC-012]", async () => {
    const script = `devbox-ctl exec api -- sleep 303 2>/tmp/a-said &
      until s=$(pgrep -f '^/usr/bin/sudo.*sleep 303') && pgrep -f 'podman.*sleep 303' >/dev/null; do sleep 0.1; done
      for i in 1 2 3; do kill -USR1 $s; kill -USR2 $s; kill -ALRM $s; sleep 0.3; done
      curl -sS http://127.0.0.1:9229/json 2>&1; cat /tmp/a-said; kill -KILL $s`;
    const { stdout } = await at.alice.run(["timeout", "40", "bash", "-c", script]);
    expect(stdout).not.toMatch(/debugger|webSocket|node\.js instance/i);
    expect(stdout).toContain("Couldn't connect");
  });

  it("on an own terminal of sudo's: no input can be put into another's, no pts be opened [SC-012]", async () => {
    const bobs = inBackground(at.host, at.bob, "exec bobs -- sleep 304", ["-tt"]);
    try {
      await waitFor(async () => expect(await at.accountsProcesses("main.cjs.*gate")).not.toBe(""));
      const others = "find /dev/pts -name '[0-9]*' -not -user alice";
      const tried = await at.alice.run(
        `n=0; for t in $(${others}); do n=$((n+1)); (: >$t) 2>/dev/null && echo w $t; (: <$t) 2>/dev/null && echo r $t; done; echo $n`,
      );
      expect(Number(tried.stdout)).toBeGreaterThan(0);
      const own =
        "tty; devbox-ctl exec api -- true; readlink /proc/$(pgrep -u devbox -f 'exec api -- sleep 305' | head -1)/fd/0";
      expect((await at.alice.run(own, { tty: true })).stdout).not.toContain("devbox/");
    } finally {
      bobs.kill();
    }
  });
});
