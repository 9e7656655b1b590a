import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { testCli, type TestCli } from "../support/cli.ts";
import { testName } from "../support/ids.ts";
import { runClean } from "../support/rootless.ts";
import { fullImage } from "../support/image.ts";

// What a person sees of a box's services, by the program; what the services do is in box-services.test.ts.

interface Service {
  readonly name: string;
  readonly state: string;
  readonly lines: readonly string[];
}

/**
 * Prints which TCP ports of its arguments answer: addresses are scanned whole, numbers are ports instead of all. Hundreds
 * of connections at once, each given half a second; one that met itself does not count.
 */
const SCAN = String.raw`
use strict; use Socket; use Fcntl; use IO::Poll qw(POLLOUT POLLERR POLLHUP);
my @ports = grep { /^\d+$/ } @ARGV; @ports = (1 .. 65535) unless @ports;
for my $name (grep { !/^\d+$/ } @ARGV) {
  my $to = inet_aton($name) or next;
  my @left = @ports;
  while (my @some = splice @left, 0, 3000) {
    my $poll = IO::Poll->new; my %of;
    for my $port (@some) {
      socket(my $s, PF_INET, SOCK_STREAM, 0) or die; fcntl $s, F_SETFL, O_NONBLOCK;
      connect $s, pack_sockaddr_in($port, $to); $of{$s} = [$port, $s]; $poll->mask($s => POLLOUT);
    }
    my $until = time + 2;
    while (%of && time < $until && $poll->poll(0.5) > 0) {
      for my $s ($poll->handles(POLLOUT | POLLERR | POLLHUP)) {
        my ($port) = @{delete $of{$s} or next}; $poll->remove($s);
        print "$name:$port\n" if getsockopt($s, SOL_SOCKET, SO_ERROR) eq pack("i", 0) && getpeername($s) && getpeername($s) ne getsockname($s);
      }
    }
  }
}`.trim();

const namespace = testName("services");
let cli: TestCli;
let created: {
  readonly services: string[];
  readonly syncthing: { readonly deviceId: string; gui: { password: string } };
};

beforeAll(async () => {
  const limits = { memory: "2GiB", reserve: { memory: "64MiB", disk: "64MiB" } };
  cli = await testCli({ config: { image: await fullImage(), limits, engine: { namespace } } });
  created = (await cli.json(["create", "api", "--with-syncthing", "--yes"])) as typeof created;
});
afterAll(async () => {
  await cli.run(["destroy", "api", "--yes"]);
  await cli.remove();
});

const states = async (): Promise<Record<string, string>> => {
  const { services } = (await cli.json(["status", "api"])) as { services: Service[] };
  return Object.fromEntries(services.map(({ name, state }) => [name, state]));
};
const dev = (script: string) => cli.run(["exec", "api", "--", "sh", "-c", script]);

describe("a box with all services", () => {
  it("is created with each of them ready, and Syncthing's password shown [FR-008] [FR-009] [FR-037] [SC-002]", async () => {
    expect(created.services.toSorted()).toEqual(["code-server", "syncthing", "tailscaled"]);
    expect(created.syncthing.gui.password).toMatch(/^\w{20,}$/);
    expect(await states()).toEqual({ tailscaled: "ready", "code-server": "ready", syncthing: "ready" });
    const again = (await cli.json(["syncthing", "enable", "api"])) as typeof created.syncthing;
    expect(again).toMatchObject({ deviceId: created.syncthing.deviceId, gui: { password: null } });
  });

  it("has them again after a restart, and after a rebuild [FR-042] [SC-004]", async () => {
    for (const command of ["restart", "rebuild"]) {
      await cli.json([command, "api"]);
      expect(await states()).toEqual({ tailscaled: "ready", "code-server": "ready", syncthing: "ready" });
      const { deviceId } = (await cli.json(["syncthing", "status", "api"])) as { deviceId: string };
      expect(deviceId).toBe(created.syncthing.deviceId);
    }
  });

  it("opens no port to the host or to other boxes, whichever is tried [FR-039] [A-02]", async () => {
    // What listens in the box does so on its loopback; the two UDP sockets of tailscaled take WireGuard's packets alone.
    const { stdout } = await dev("ss -Htln | awk '{print $4}'");
    const listening = stdout.split("\n").filter((address) => address !== "");
    expect(listening.length).toBeGreaterThanOrEqual(3);
    expect(listening.filter((address) => !/^(127\.\d+\.\d+\.\d+|\[::1\])(%\S+)?:/.test(address))).toEqual([]);
    // All ports of all that a neighbour could take for the box: its addresses, its name, the gateway.
    await cli.json(["create", "neighbour", "--additional", "--yes"]);
    await cli.json(["service", "disable", "neighbour", "code-server"]);
    const { stdout: own } = await dev('ip -4 -o address show scope global | awk \'{sub("/.*", "", $4); print $4}\'');
    const targets = [...own.trim().split("\n"), "10.0.2.2", "10.0.2.3", "api"];
    const scan = await cli.run(["exec", "neighbour", "--", "perl", "-e", SCAN, ...targets], { timeout: 110_000 });
    const open = scan.stdout.split("\n").filter((found) => found !== "");
    expect(scan.exitCode).toBe(0);
    // The name server that a box is given is all there is.
    expect(open.filter((found) => found !== "10.0.2.3:53")).toEqual([]);
    // The scan finds what there is to find.
    const found = await dev(`perl -e '${SCAN}' 127.0.0.1`);
    expect(found.stdout.split("\n")).toEqual(
      expect.arrayContaining(["127.0.0.1:8080", "127.0.0.1:8384", "127.0.0.1:22000"]),
    );
    // And from the host, which has no way to where the box is. On some machines a gateway accepts any connection, so it
    // is the answer that counts: code-server's, which the box itself gets.
    const health = ["curl", "--silent", "--max-time", "5", "--noproxy", "*"];
    expect((await dev(`${health.join(" ").replace("*", "'*'")} http://127.0.0.1:8080/healthz`)).stdout).toContain(
      "lastHeartbeat",
    );
    for (const address of own.trim().split("\n")) {
      const { stdout: answer } = await runClean([...health, `http://${address}:8080/healthz`], cli.env);
      expect(answer).not.toContain("lastHeartbeat");
    }
    await cli.json(["destroy", "neighbour", "--yes"]);
  });

  it("lets its owner turn one off for good, and on again", async () => {
    await cli.json(["service", "disable", "api", "code-server"]);
    expect(await states()).toMatchObject({ "code-server": "stopped" });
    await cli.json(["restart", "api"]);
    expect(await states()).toMatchObject({ "code-server": "stopped", tailscaled: "ready" });
    await cli.json(["service", "enable", "api", "code-server"]);
    await expect.poll(states, { timeout: 30_000, interval: 500 }).toMatchObject({ "code-server": "ready" });
    expect(await cli.run(["service", "disable", "api", "nonsense"])).toMatchObject({ exitCode: 3 });
    expect(await cli.run(["service", "disable", "api", "--help-me"])).toMatchObject({ exitCode: 2 });
  });

  it("shows what one of them said", async () => {
    const { stdout, exitCode } = await cli.run(["logs", "api", "--service", "tailscaled", "--tail", "20"]);
    expect(exitCode).toBe(0);
    expect(stdout.split("\n").length).toBeGreaterThan(3);
    expect(await cli.run(["logs", "api", "--service", "nonsense"])).toMatchObject({ exitCode: 3 });
  });

  it("names the one that keeps failing, in start, status and doctor, and can be used meanwhile [FR-009]", async () => {
    // A file that is there but cannot be read may hold a password, so code-server refuses to run.
    await dev("chmod 000 ~/.config/code-server/config.yaml");
    const { stdout, exitCode } = await cli.run(["restart", "api", "--json"]);
    expect(exitCode).toBe(11);
    expect(JSON.parse(stdout)).toMatchObject({
      error: { code: "SERVICE_NOT_READY", cause: expect.stringContaining("service code-server") as unknown },
    });
    expect(await states()).toMatchObject({ "code-server": "failing", tailscaled: "ready", syncthing: "ready" });
    const status = await cli.run(["status", "api"]);
    expect(status.stdout).toMatch(/✗ code-server: keeps failing, \d+ restarts[^]*config\.yaml/);
    const doctor = await cli.run(["doctor"]);
    expect(doctor.exitCode).toBe(11);
    expect(doctor.stdout).toMatch(/✗ code-server in api keeps failing[^]*config\.yaml/);
    expect((await dev("chmod 600 ~/.config/code-server/config.yaml && echo still here")).stdout.trim()).toBe(
      "still here",
    );
    await cli.json(["restart", "api"]);
    expect(await states()).toMatchObject({ "code-server": "ready" });
  });
});
