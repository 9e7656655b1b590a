import { createServer, type Server } from "node:net";
import { readFileSync } from "node:fs";
import { execa } from "execa";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { IMAGE } from "../../src/core/image-contract.ts";
import { testCli, type TestCli } from "./cli.ts";
import { testName } from "./ids.ts";
import { testImage } from "./image.ts";
import { podman, podmanOk } from "./podman.ts";
import type { Ran, RootlessUser } from "./rootless.ts";

/** Addresses that the host gets for the time of the tests, to try what no box may reach, and one that it may. */
const ADDRESSES = {
  allowed: "198.18.99.1",
  tailnet: "100.64.99.1",
  metadata: "169.254.169.254",
  tailnet6: "fd7a:115c:a1e0::9901",
  metadata6: "fd00:ec2::254",
} as const;

/**
 * Each line tries the opposite of what is promised, in two boxes of one owner.
 * @param rootless makes the user whose Podman it is; root's own when left out
 */
export function isolation(rootless?: () => Promise<RootlessUser>): void {
  let user: RootlessUser | undefined;
  let cli: TestCli;
  const namespace = testName("ns");

  beforeAll(async () => {
    user = await rootless?.();
    const image = await testImage(user);
    const limits = { reserve: { memory: "64MiB", disk: "64MiB" }, memory: "512MiB" };
    const config = { image, limits, engine: { namespace } };
    cli = await testCli(user === undefined ? { config } : { config, user });
    for (const name of ["one", "two"]) await cli.json(["create", name, "--yes"]);
  });
  afterAll(async () => {
    for (const name of ["one", "two"]) await cli.run(["destroy", name, "--yes"]);
    await cli.remove();
  });

  const dev = (script: string, name = "one"): Promise<Ran> => cli.run(["exec", name, "--", "sh", "-c", script]);
  const root = (script: string, name = "one"): Promise<Ran> =>
    podman(["exec", `${namespace}-${name}`, "sh", "-c", script], { user });
  const hostPid = async (name: string): Promise<number> =>
    Number(await podmanOk(["inspect", "--format", "{{.State.Pid}}", `${namespace}-${name}`], { user }));
  const statusOf = async (name: string): Promise<string> =>
    readFileSync(`/proc/${String(await hostPid(name))}/status`, "utf8");

  describe("a box and the host's users", () => {
    it("has root that is nobody on the host, and not the account that runs it [A-02]", async () => {
      const [one, two] = [await statusOf("one"), await statusOf("two")].map((status) =>
        Number(/^Uid:\s+(\d+)/m.exec(status)?.[1]),
      );
      expect(one).toBeGreaterThan(65_535);
      expect(one).not.toBe(user?.uid);
      // One owner, one range.
      expect(two).toBe(one);
    });

    it("cannot write what belongs to the account, even where it can see it [A-02]", async () => {
      const map = await root("cat /proc/self/uid_map");
      expect(map.stdout.trim().split(/\s+/)).toEqual(["0", expect.stringMatching(/^[1-9]/), "65536"]);
      // What nobody's ids own looks like nobody's: the runtime's own files under /proc and /sys.
      const write = await root("echo 1 >/proc/sys/kernel/panic || echo 1 >/proc/sysrq-trigger");
      expect(write.exitCode).not.toBe(0);
    });
  });

  describe("dev", () => {
    it("becomes nobody else: no sudo, no su, no setuid [A-02]", async () => {
      expect((await dev("command -v sudo doas")).stdout).toBe("");
      expect((await dev("su -c id </dev/null")).exitCode).not.toBe(0);
      expect((await dev("setpriv --reuid=0 id")).exitCode).not.toBe(0);
      await root(
        "cp /bin/dash /tmp/rootshell && chmod 6755 /tmp/rootshell && cp -p /tmp/rootshell /home/dev/rootshell",
      );
      for (const shell of ["/tmp/rootshell", "/home/dev/rootshell"]) {
        expect((await dev(`${shell} -p -c 'id -u'`)).stdout.trim()).toBe("1000");
      }
      await root("rm -f /tmp/rootshell /home/dev/rootshell");
    });

    it("writes in home, workspace and tmp, and nowhere else [A-02]", async () => {
      for (const path of ["/home/dev/x", "/home/dev/workspace/x", "/tmp/x"]) {
        expect((await dev(`: >${path} && rm ${path}`)).exitCode, path).toBe(0);
      }
      const closed = ["/x", "/etc/x", "/usr/bin/x", "/usr/local/bin/x", "/opt/x", "/var/x", "/root/x", "/run/x"];
      closed.push("/run/devbox/x", "/run/s6/services/x", "/var/lib/tailscale/x", "/home/x", "/etc/passwd");
      const { stdout } = await dev(`for f in ${closed.join(" ")}; do { : >>"$f"; } 2>/dev/null && echo "$f"; done`);
      expect(stdout).toBe("");
    });

    it("does not read what is root's: the private volume, handed-over secrets [FR-015]", async () => {
      await root("echo secret >/var/lib/tailscale/s; echo secret >/run/devbox/s");
      const { stdout } = await dev(
        "cat /var/lib/tailscale/s /run/devbox/s 2>/dev/null; ls /var/lib/tailscale 2>/dev/null",
      );
      expect(stdout).toBe("");
      await root("rm /var/lib/tailscale/s /run/devbox/s");
    });
  });

  describe("root in a box", () => {
    it("has the documented capabilities and no more, and nothing can add to them [A-02]", async () => {
      const status = await statusOf("one");
      const bounding = BigInt(`0x${/^CapBnd:\s+(\w+)/m.exec(status)?.[1] ?? ""}`);
      const numbers = { CHOWN: 0, DAC_OVERRIDE: 1, FOWNER: 3, FSETID: 4, KILL: 5, SETGID: 6, SETUID: 7 };
      expect(Object.keys(numbers)).toEqual(IMAGE.capabilities);
      expect(bounding).toBe(Object.values(numbers).reduce((mask, bit) => mask | (1n << BigInt(bit)), 0n));
      expect(status).toMatch(/^NoNewPrivs:\s+1$/m);
      expect(status).toMatch(/^Seccomp:\s+2$/m);
    });

    it.each([
      ["mount", "mount -t tmpfs none /mnt"],
      ["make device files", "mknod /tmp/sda b 8 0"],
      ["change its network", "ip link add dummy0 type dummy"],
      ["open closed networks", "ip route del prohibit 100.64.0.0/10"],
      ["rename the host", "hostname other"],
      ["read the kernel's log", "dmesg"],
      ["set the clock", "date -s '2000-01-01'"],
      ["leave its root by chroot", "chroot / true"],
    ])("cannot %s [A-02]", async (_, command) => {
      expect((await root(command)).exitCode).not.toBe(0);
    });
  });

  describe("a box with a read-only root", () => {
    it("cannot be changed by its root, and works as ever [A-02]", async () => {
      await cli.json(["create", "solid", "--read-only", "--yes"]);
      expect((await root("echo x >/usr/bin/x || echo x >>/etc/passwd || rm /bin/ls", "solid")).exitCode).not.toBe(0);
      expect((await dev("echo kept >file && echo x >/tmp/x && cat /etc/hosts", "solid")).stdout).toContain("solid");
      await cli.json(["restart", "solid"]);
      expect((await dev("cat file; ls /tmp", "solid")).stdout.trim()).toBe("kept");
      await cli.json(["destroy", "solid", "--yes"]);
    });
  });

  describe("a box's network", () => {
    const servers: Server[] = [];
    const seen: string[] = [];
    let port = 0;

    /** Listens on an address of the host and writes down who comes. */
    async function listen(address: string, on = 0): Promise<number> {
      const server = createServer((socket) => {
        seen.push(address);
        socket.end("hello\n");
      });
      servers.push(server);
      await new Promise<void>((resolve, reject) => {
        server.on("error", reject);
        server.listen(on, address, resolve);
      });
      const bound = server.address();
      return typeof bound === "object" && bound !== null ? bound.port : 0;
    }

    beforeAll(async () => {
      for (const address of Object.values(ADDRESSES)) {
        await execa("ip", ["address", "replace", `${address}/${address.includes(":") ? "128" : "32"}`, "dev", "lo"]);
      }
      port = await listen("127.0.0.1");
      for (const address of Object.values(ADDRESSES)) await listen(address, port);
    });
    afterAll(async () => {
      for (const server of servers) server.close();
      for (const address of Object.values(ADDRESSES)) {
        const prefix = address.includes(":") ? "128" : "32";
        await execa("ip", ["address", "del", `${address}/${prefix}`, "dev", "lo"], { reject: false });
      }
    });
    beforeEach(() => {
      seen.length = 0;
    });

    /** Whether something answers there. */
    async function reaches(address: string, at = port, name = "one"): Promise<boolean> {
      const script = `timeout 3 bash -c 'exec 3<>/dev/tcp/${address}/${String(at)} && head -c 5 <&3'`;
      return (await dev(script, name)).stdout.includes("hello");
    }

    it("leads to the world, which proves that what follows could fail", async () => {
      expect(await reaches(ADDRESSES.allowed)).toBe(true);
      expect(seen).toEqual([ADDRESSES.allowed]);
    });

    it.each(["tailnet", "metadata", "tailnet6", "metadata6"] as const)(
      "does not lead to the host's %s, also after a restart [A-02]",
      async (which) => {
        expect(await reaches(ADDRESSES[which])).toBe(false);
        await cli.json(["restart", "two"]);
        expect(await reaches(ADDRESSES[which], port, "two")).toBe(false);
        expect(seen).toEqual([]);
      },
    );

    it("does not lead to the host's loopback, by whatever address [A-02]", async () => {
      const { stdout } = await dev(
        "ip route show default | awk '{print $3}'; awk '/^nameserver/ {print $2}' /etc/resolv.conf",
      );
      const near = ["127.0.0.1", "localhost", "10.0.2.2", "10.0.2.3", ...stdout.trim().split("\n")];
      for (const address of new Set(near)) expect(await reaches(address), address).toBe(false);
      expect(seen).toEqual([]);
    });

    it("has no other box on it [A-02]", async () => {
      const serve =
        'perl -MIO::Socket::INET -e \'$s = IO::Socket::INET->new(LocalAddr => "0.0.0.0", LocalPort => 9317, Listen => 9, ReuseAddr => 1) or die; while ($c = $s->accept) { print $c "hello"; close $c }\'';
      await dev(`setsid ${serve} >/dev/null 2>&1 </dev/null &`, "two");
      await expect.poll(() => reaches("127.0.0.1", 9317, "two"), { timeout: 10_000 }).toBe(true);
      const { stdout } = await dev('ip -o address show scope global | awk \'{sub("/.*", "", $4); print $4}\'', "two");
      const addresses = stdout.trim().split("\n");
      expect(addresses.length).toBeGreaterThan(0);
      for (const address of [...addresses, "two"]) expect(await reaches(address, 9317), address).toBe(false);
      await dev("pkill perl", "two");
    });

    it("has no door for the host either: what a box listens on, the host does not reach [FR-039]", async () => {
      const { address } = (await cli.json(["status", "one"])) as { address: string | null };
      expect(address).toBeNull();
    });
  });
}
