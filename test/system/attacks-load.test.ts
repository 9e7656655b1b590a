import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type AttackHost, attackHost } from "../support/attack-host.ts";
import { waitFor } from "../support/wait.ts";

// What one user takes away from all: connections, places, file names on the disk. The account's files are on a small file system of
// their own, as docs/security.md recommends.

const INODES = 60_000;

let at: AttackHost;

beforeAll(async () => {
  const options = `size=3g,nr_inodes=${String(INODES)},mode=0700`;
  at = await attackHost(`mkdir -p /var/lib/devbox; mount -t tmpfs -o ${options} tmpfs /var/lib/devbox`);
}, 300_000);

afterAll(() => at.host.stop());

describe("200 connections at once", () => {
  it("of alice's, with commands: bob's list goes on meanwhile, and afterwards all is as before [SC-011] [SC-012]", async () => {
    const flood = at.alice.run(
      "for i in $(seq 200); do (timeout 60 devbox-ctl list --json >/dev/null 2>&1; echo $?) & done; wait",
    );
    const times: number[] = [];
    for (let i = 0; i < 5; i += 1) {
      const since = performance.now();
      expect(await at.bobsBoxes()).toEqual(["bobs"]);
      times.push(Math.round(performance.now() - since));
    }
    const codes = (await flood).stdout.split("\n");
    process.stdout.write(`  bob's list during 200 commands: ${times.join(", ")} ms\n`);
    expect(codes.filter((code) => code !== "0" && code !== "75")).toEqual([]);
    expect(codes).toContain("0");
    expect((await at.alice.run("devbox-ctl list")).exitCode).toBe(0);
  }, 300_000);

  it("that never log in are sshd's to bound: bob comes in, at worst when he tries again [SC-012]", async () => {
    const open =
      "for i in $(seq 200); do (exec 3<>/dev/tcp/127.0.0.1/22; sleep 20) 2>/dev/null & done; sleep 1; echo open; wait";
    const flood = at.alice.run(["bash", "-c", open]);
    const until = Date.now() + 19_000;
    let came = 0;
    let tried = 0;
    while (Date.now() < until && came < 2) {
      tried += 1;
      if ((await at.bob.run("list")).exitCode === 0) came += 1;
    }
    process.stdout.write(`  bob came in ${String(came)} times of ${String(tried)} during 200 idle connections\n`);
    await flood;
    await waitFor(async () => expect(await at.bobsBoxes()).toEqual(["bobs"]));
  }, 120_000);
});

describe("a box that fills the file system with files", () => {
  it("leaves bob's boxes working, is found out before new ones are begun, and is destroyed as ever [SC-011] [SC-012]", async () => {
    const fill =
      "cd; mkdir -p many; i=0; while mkdir many/$i && (cd many/$i && touch $(seq 500)) 2>/dev/null; do i=$((i+1)); done 2>/dev/null";
    await at.alice.run(["devbox-ctl", "exec", "api", "--", "sh", "-c", fill]);
    expect(Number(await at.host.rootOk("df --output=iavail /var/lib/devbox | tail -1"))).toBeLessThan(50);

    expect(await at.bobsBoxes()).toEqual(["bobs"]);
    // Podman needs files for each session; what runs in a box already goes on.
    const session = await at.bob.run("exec bobs -- id -un");
    process.stdout.write(`  a session without a file name left: ${JSON.stringify(session)}\n`);
    const refused = await at.bob.run("create another --additional --json");
    expect(refused.exitCode).toBe(10);
    expect((JSON.parse(refused.stdout) as { error: { code: string } }).error.code).toMatch(
      /^(HOST_DISK|STATE_UNWRITABLE)$/,
    );
    expect(await at.carol.run("devbox-ctl list --all")).toMatchObject({ exitCode: 0 });

    expect(await at.carol.run("devbox-ctl destroy api --yes")).toMatchObject({ exitCode: 0 });
    expect(await at.bob.run("create another --additional -q")).toMatchObject({ exitCode: 0 });
  }, 300_000);
});
