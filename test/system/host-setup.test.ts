import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { testHost, type TestHost } from "../support/host.ts";
import { copyProgram } from "../support/host-install.ts";
import { podmanOk } from "../support/podman.ts";
import type { Ran } from "../support/rootless.ts";
import { waitFor } from "../support/wait.ts";

const MINUTE = 60_000;
const PROGRAM = "/opt/devbox-src/bin/devbox-ctl";

const CONFIG = `host: { serviceUser: devbox, adminGroups: [wheel] }
users: { alice: {}, bob: {} }
limits: { memory: 512MiB, reserve: { memory: 64MiB, disk: 64MiB } }
`;

/**
 * Names, rights and texts of everything that setup could have touched, but what tools keep of the state before, and what
 * Podman writes into the bed at each of its boots.
 */
const SUMS = `cd /
find etc usr/local var/lib/systemd/linger -not -path 'etc/ssh/ssh_host*' \
  -not -name '*-' -not -name .pwd.lock -not -name '.updated' -not -name resolv.conf -not -path etc/hosts -printf '%M %u %g %p %l\\n' | LC_ALL=C sort
find etc usr/local -type f -not -name '*-' -not -name .pwd.lock -not -name resolv.conf -not -path etc/hosts -print0 | LC_ALL=C sort -z | xargs -0 sha256sum`;

/** Storage as it was before storage.conf said where it is: Podman's own places, written into a database of its own. */
const BY_DEFAULT = `cd /; uid=$(id -u devbox) home=/var/lib/devbox
manager() { sudo -u devbox env XDG_RUNTIME_DIR=/run/user/$uid systemctl --user "$@"; }
manager stop podman.socket podman.service
sed -i '/^[a-z]*root = /d' $home/.config/containers/storage.conf
rm -rf $home/.local/share/containers
manager start podman.socket`;

describe("host setup", () => {
  let host: TestHost;
  let before: string;

  const setup = (...words: string[]): Promise<Ran> => host.root([PROGRAM, "host", "setup", ...words]);
  const arranged = async (arrange: string, words: readonly string[], undo: string): Promise<Ran> => {
    await host.rootOk(arrange);
    const sums = await host.rootOk(SUMS);
    const ran = await setup("--yes", "--config", "/root/c.yaml", ...words);
    expect(await host.rootOk(SUMS)).toBe(sums);
    await host.rootOk(undo);
    expect(await host.rootOk(SUMS)).toBe(before);
    return ran;
  };

  beforeAll(async () => {
    host = await testHost();
    await host.addUser("alice");
    await host.addUser("carol", { groups: ["wheel"] });
    await copyProgram(host.name);
    await host.rootOk("cat >/root/c.yaml", { input: CONFIG });
    before = await host.rootOk(SUMS);
  });

  afterAll(() => host.stop());

  it("is for root, and on a host where nobody but it has been yet asks first", async () => {
    const asAlice = await host.as("alice").run([PROGRAM, "host", "setup"]);
    expect(asAlice).toMatchObject({ exitCode: 4, stdout: "" });
    expect(asAlice.stderr).toContain("sudo devbox-ctl host setup");
    expect(await setup()).toMatchObject({ exitCode: 5 });
    expect(await host.rootOk(SUMS)).toBe(before);
  });

  it("shows what it would change, for people and as the list of what is wanted, and changes nothing", async () => {
    const shown = await setup("--dry-run");
    expect(shown).toMatchObject({ exitCode: 0, stderr: "" });
    expect(shown.stdout).toContain("+ALL ALL=(devbox) NOPASSWD: DEVBOX_CTL");
    expect(shown.stdout).toContain("users in /etc/devbox/config.yaml".replace("users", "(users)"));
    const { items } = JSON.parse((await setup("--dry-run", "--json")).stdout) as {
      items: { id: string; mode: string }[];
    };
    expect(items.find(({ id }) => id === "file:/etc/sudoers.d/devbox")?.mode).toBe("0440");
    expect(await host.rootOk(SUMS)).toBe(before);
  });

  it("refuses hosts on which it would break something, and leaves them as they are", async () => {
    const overlap = await arranged("echo devbox:100000:65536 >>/etc/subuid", [], "sed -i /^devbox:/d /etc/subuid");
    expect(overlap).toMatchObject({ exitCode: 5 });
    expect(overlap.stderr).toContain("devbox:100000:65536 and alice:100000:65536");

    const foreign = await arranged("echo '# mine' >/etc/sudoers.d/devbox", [], "rm /etc/sudoers.d/devbox");
    expect(foreign).toMatchObject({ exitCode: 5 });
    expect(foreign.stderr).toContain("/etc/sudoers.d/devbox is not host setup's own");

    const noKey = await arranged(
      "mv /home/carol/.ssh/authorized_keys /home/carol/.ssh/gone",
      [],
      "mv /home/carol/.ssh/gone /home/carol/.ssh/authorized_keys",
    );
    expect(noKey).toMatchObject({ exitCode: 5 });
    expect(noKey.stderr).toContain("nobody could log in");

    await host.rootOk("sed 's/serviceUser: devbox/serviceUser: alice/' /root/c.yaml >/root/alice.yaml");
    const person = await setup("--yes", "--config", "/root/alice.yaml");
    expect(person.stderr).toContain("the account alice is a person's");
    await host.rootOk("echo 'users: {}' >/root/personal.yaml");
    const personal = await setup("--yes", "--config", "/root/personal.yaml");
    expect(personal).toMatchObject({ exitCode: 2 });
    expect(personal.stderr).toContain("host.serviceUser");
    expect(await host.rootOk(SUMS)).toBe(before);
  });

  it("looks through sshd's whole configuration first, and names what would win over it", async () => {
    const early = "/etc/ssh/sshd_config.d/01-early.conf";
    const wins = await arranged(`echo 'PasswordAuthentication yes' >${early}`, [], `rm ${early}`);
    expect(wins).toMatchObject({ exitCode: 11 });
    expect(wins.stderr).toContain(`Take passwordauthentication out of ${early}`);

    const match = "printf 'Match User alice\\nPasswordAuthentication yes\\n'";
    const later = await arranged(
      `${match} >>/etc/ssh/sshd_config`,
      [],
      "sed -i '/^Match User alice/,$d' /etc/ssh/sshd_config",
    );
    expect(later.stderr).toContain("For alice, passwordauthentication");

    const include = await arranged(
      "sed -i 's/^Include/#Include/' /etc/ssh/sshd_config",
      [],
      "sed -i 's/^#Include/Include/' /etc/ssh/sshd_config",
    );
    expect(include.stderr).toContain("first line of /etc/ssh/sshd_config: Include");

    const broken = await arranged(`echo 'Nonsense yes' >${early}`, [], `rm ${early}`);
    expect(broken.stderr).toContain("sshd refuses its configuration");
  });

  it(
    "is killed ten times at random, and the next run completes it all the same [FR-026]",
    { timeout: 6 * MINUTE },
    async () => {
      for (let i = 0; i < 10; i++) {
        const wait = Math.round(Math.random() * 3000);
        await host.root(`${PROGRAM} host setup --yes --config /root/c.yaml >/dev/null 2>&1 & pid=$!
        sleep ${(wait / 1000).toFixed(3)}; kill -9 $pid 2>/dev/null; wait $pid`);
      }
      const ran = await setup("--yes", "--config", "/root/c.yaml");
      expect(ran).toMatchObject({ exitCode: 0 });
      expect(await host.rootOk("find /etc /usr/local -name '*setup-new*' -o -name .new -o -name '.old-*'")).toBe("");
    },
  );

  it("has nothing to do the second time", async () => {
    const sums = await host.rootOk(SUMS);
    const again = await setup("--yes", "--config", "/root/c.yaml");
    expect(again.stdout).toContain("Nothing to do: this host is set up.");
    expect(again.stdout).toContain("There is no box image yet");
    expect(again.stderr).not.toContain("Images prepared");
    expect((await host.as("carol").run("devbox-ctl audit --json")).stdout).not.toContain("IMAGE_NOT_FOUND");
    expect(await host.rootOk(SUMS)).toBe(sums);
    const json = JSON.parse((await setup("--json")).stdout) as { changed: number; items: { state: string }[] };
    expect(json.changed).toBe(0);
    expect(new Set(json.items.map(({ state }) => state))).toEqual(new Set(["ok"]));
  });

  it("leaves exact rights, and one way to the account", async () => {
    const rights = await host.rootOk(`stat -c '%a %U:%G %n' /etc/devbox /etc/devbox/config.yaml /etc/devbox/boundary \
      /var/lib/devbox /etc/sudoers.d/devbox /etc/ssh/sshd_config.d/10-devbox.conf /usr/local/lib/devbox-ctl.d/*`);
    expect(rights.split("\n").map((line) => line.replace(/[^/]*-[0-9a-f]{12}$/, "VERSION"))).toEqual([
      "755 root:root /etc/devbox",
      "640 root:devbox /etc/devbox/config.yaml",
      "644 root:root /etc/devbox/boundary",
      "700 devbox:devbox /var/lib/devbox",
      "440 root:root /etc/sudoers.d/devbox",
      "600 root:root /etc/ssh/sshd_config.d/10-devbox.conf",
      "755 root:root /usr/local/lib/devbox-ctl.d/VERSION",
    ]);
    const alice = host.as("alice");
    expect(await alice.run("cat /etc/devbox/config.yaml; ls /var/lib/devbox")).toMatchObject({ stdout: "" });
    expect((await alice.run("devbox-ctl config check")).stderr).toContain("sudo devbox-ctl config check");
    expect(await alice.run("devbox-ctl list --json")).toMatchObject({ exitCode: 0, stderr: "" });
    expect((await alice.run("sudo -n -u devbox id")).exitCode).toBe(1);
    expect((await alice.run("sudo -n -u root /usr/local/lib/devbox-ctl/bin/devbox-ctl list")).exitCode).toBe(1);
    expect(await host.rootOk("find -L /usr/local/lib/devbox-ctl -perm /022 -o -not -user root")).toBe("");
  });

  it("has the account's systemd manager hand limits down and listen for Podman, from boot on", async () => {
    const uid = await host.rootOk("id -u devbox");
    const shown = await host.rootOk(`systemctl show user@${uid}.service -p Delegate -p DelegateControllers
      systemctl show user-${uid}.slice -p CPUWeight -p MemoryMax; ls /var/lib/systemd/linger`);
    expect(shown).toMatch(/DelegateControllers=.*cpu cpuset.*memory pids/);
    expect(shown).toContain("CPUWeight=50");
    expect(shown).toMatch(/MemoryMax=\d{9}/);
    expect(shown).toContain("devbox");
    const user = await host.account();
    const info = await podmanOk(["info", "--format", "{{.Store.GraphDriverName}} {{.Host.EventLogger}}"], { user });
    expect(info).toBe("overlay file");
  });

  it(
    "has units that are well confined and work right after a boot, a box among them [FR-027]",
    { timeout: 6 * MINUTE },
    async () => {
      const units = ["resume", "reaper", "schedule", "metrics", "image-prune"].map((name) => `devbox-${name}`);
      for (const unit of units) {
        const level = await host.rootOk(
          `systemd-analyze security ${unit}.service | tail -1; systemd-analyze verify ${unit}.service`,
        );
        const exposure = Number(/: (\d+\.\d+) /.exec(level)?.[1]);
        process.stdout.write(`       ${unit}.service: exposure ${exposure}\n`);
        expect(exposure).toBeLessThan(4);
      }
      await host.rootOk(BY_DEFAULT);
      await host.image();
      expect(await host.as("alice").run("devbox-ctl create kept")).toMatchObject({ exitCode: 0 });
      await podmanOk(["restart", "--time", "20", host.name]);
      await waitFor(
        async () => {
          const { stdout } = await host.root("systemctl is-system-running");
          if (stdout !== "running") throw new Error(`systemd says ${stdout}`);
        },
        MINUTE,
        500,
      );
      expect(await host.rootOk("systemctl show -p Result devbox-resume.service")).toBe("Result=success");
      const alice = host.as("alice");
      expect((await alice.run("devbox-ctl exec kept -- echo works")).stdout).toBe("works");
      for (const unit of units) await host.rootOk(`systemctl start ${unit}.service`);
      // A unit that had started Podman itself would have left its own view of the file system to all that follow.
      expect(
        (await alice.run("devbox-ctl create more --additional && devbox-ctl exec more -- echo works")).stdout,
      ).toContain("works");
    },
  );

  it("says where Podman keeps boxes, which stay where they are and run on", { timeout: 3 * MINUTE }, async () => {
    const user = await host.account();
    const places = () => podmanOk(["info", "--format", "{{.Store.RunRoot}} {{.Store.GraphRoot}}"], { user });
    const ids = () => podmanOk(["ps", "--format", "{{.ID}} {{.StartedAt}}"], { user });
    const [placesBefore, idsBefore] = [await places(), await ids()];
    const { stderr } = await setup("--yes");
    expect(stderr).toContain("/var/lib/devbox/.config/containers/storage.conf");
    expect([await places(), await ids()]).toEqual([placesBefore, idsBefore]);
    expect(await host.as("alice").run("devbox-ctl restart kept && devbox-ctl exec kept -- echo works")).toMatchObject({
      exitCode: 0,
    });
    const local = "sudo -u devbox env XDG_RUNTIME_DIR=/run/user/$(id -u devbox) podman";
    // Not by `head`: Podman, which writes to it after it has ended, would be killed for that.
    await host.rootOk(`cd /; boxes=$(${local} ps -q); box=\${boxes%%$'\\n'*}
      ${local} commit --pause=false "$box" localhost/committed && ${local} rmi localhost/committed`);
  });

  it("goes on with a newer program while commands of the older one run", async () => {
    const alice = host.as("alice");
    const running = alice.run("devbox-ctl exec kept -- sh -c 'sleep 4; echo older'");
    await sleep(1500);
    await host.rootOk("echo '// newer' >>/opt/devbox-src/dist/commands.cjs");
    expect(await setup("--yes")).toMatchObject({ exitCode: 0 });
    expect((await running).stdout).toBe("older");
    await setup("--yes");
    expect(await host.rootOk("ls /usr/local/lib/devbox-ctl.d | wc -l")).toBe("1");
    expect(await alice.run("devbox-ctl list")).toMatchObject({ exitCode: 0 });
  });

  it("takes back what it made; boxes and their data only when there are none", { timeout: 4 * MINUTE }, async () => {
    const refused = await setup("--uninstall");
    expect(refused).toMatchObject({ exitCode: 5 });
    expect(refused.stderr).toMatch(/2 boxes that run stop: .*kept/);
    const purge = await setup("--uninstall", "--purge", "--yes");
    expect(purge).toMatchObject({ exitCode: 5 });
    expect(purge.stderr).toContain("there are boxes or homes here");

    const carol = host.as("carol");
    const key = await host.keyFor("bob");
    await carol.run("devbox-ctl user add-key bob --file -", { input: key.publicKey });
    const connected = () => host.session(key, "devbox").run("", { options: ["-N"] });
    const first = connected();
    await waitFor(() => host.rootOk("pgrep -u devbox -x sshd"), MINUTE, 200);
    const back = await setup("--uninstall", "--yes");
    expect(back).toMatchObject({ exitCode: 0 });
    expect(back.stderr).toContain("/etc/sudoers.d/devbox");
    expect(back.stderr).not.toMatch(/\b(file|unit|directory|linger):/);
    expect(await first).toMatchObject({ exitCode: 255 });
    expect(await host.root("pgrep -u devbox")).toMatchObject({ exitCode: 1 });
    expect(await host.rootOk("ls -d /var/lib/devbox; ls -A /etc/devbox")).toBe("/var/lib/devbox\n.setup.json");
    const again = await setup("--yes", "--config", "/root/c.yaml");
    expect(again).toMatchObject({ exitCode: 0 });
    expect(again.stderr).toMatch(/Boxes started +(kept more|more kept)/);
    const alice = host.as("alice");
    expect((await alice.run("devbox-ctl exec kept -- echo kept")).stdout).toBe("kept");
    for (const box of ["kept", "more"]) {
      expect(await alice.run(`devbox-ctl destroy ${box} --yes`)).toMatchObject({ exitCode: 0 });
      await alice.run(`devbox-ctl volume remove ${box} --yes`);
    }
    // The installed program takes itself away, too.
    const second = connected();
    await waitFor(() => host.rootOk("pgrep -u devbox -x sshd"), MINUTE, 200);
    const gone = await host.root(["devbox-ctl", "host", "setup", "--uninstall", "--purge", "--yes"]);
    expect(gone).toMatchObject({ exitCode: 0 });
    expect(await second).toMatchObject({ exitCode: 255 });
    expect(await host.rootOk(SUMS)).toBe(before);
    expect((await host.root("ls -d /var/lib/devbox")).exitCode).toBe(2);
  });
});
