import { afterAll, beforeAll, expect, it } from "vitest";
import manifest from "../../containers/box/image.json" with { type: "json" };
import { testName } from "../support/ids.ts";
import { testImage } from "../support/image.ts";
import { podman, removeTestObjects } from "../support/podman.ts";
import { eventually, runServiceBox, testServices, type ServiceBox } from "../support/service-box.ts";

// `connect`, and boxes that are started in other ways than the usual one.

const { programs } = manifest;
let image: string;
let box: ServiceBox;
let made: Awaited<ReturnType<typeof testServices>>;

/** A server that says how many bytes it got, after the client's end of them; arguments: family, address, port. */
const COUNTER = `use Socket qw(:DEFAULT inet_pton pack_sockaddr_in6);
my ($six, $port) = @ARGV;
socket(my $s, $six ? AF_INET6 : AF_INET, SOCK_STREAM, 0) or die;
setsockopt($s, SOL_SOCKET, SO_REUSEADDR, 1);
bind($s, $six ? pack_sockaddr_in6($port, inet_pton(AF_INET6, "::1")) : pack_sockaddr_in($port, INADDR_LOOPBACK)) or die;
listen($s, 5);
while (accept(my $c, $s)) {
  my ($sum, $buffer) = (0);
  $sum += length $buffer while sysread $c, $buffer, 65536;
  syswrite $c, "got $sum bytes\\n" . "x" x 200000 . "\\n";
  close $c;
}`;

beforeAll(async () => {
  image = await testImage();
  made = await testServices([{ name: "steady", start: "exec sleep 9001" }]);
  box = await runServiceBox(image, made.mounts);
});

afterAll(async () => {
  await removeTestObjects();
  await made.remove();
});

const connect = (port: string, input?: string): ReturnType<typeof podman> =>
  podman(
    ["exec", ...(input === undefined ? [] : ["--interactive"]), "--user", "dev", box.name, programs.connect, port],
    input === undefined ? {} : { input },
  );

it("joins stdin and stdout to a port of the box, and keeps half-open connections", async () => {
  for (const [six, port] of [
    ["", "7101"],
    ["1", "7102"],
  ] as const) {
    const argv = ["exec", "--detach", "--user", "dev", box.name, "perl", "-e", COUNTER, six, port];
    expect((await podman(argv)).exitCode).toBe(0);
    const { stdout } = await eventually(async () => {
      const answer = await connect(port, "y".repeat(300_000));
      expect(answer).toMatchObject({ exitCode: 0, stderr: "connect: end after 200018 bytes" });
      return answer;
    });
    expect(stdout).toBe(`got 300000 bytes\n${"x".repeat(200_000)}`);
  }
});

it("says that nothing listens, and refuses what is no port", async () => {
  expect(await connect("7103")).toMatchObject({
    exitCode: 4,
    stdout: "",
    stderr: "connect: nothing listens on port 7103",
  });
  for (const wrong of ["", "0", "65536", "x", "-1", "80 81", "7101\n"]) expect((await connect(wrong)).exitCode).toBe(2);
});

it("writes its own hosts file, and leaves the engine's alone", async () => {
  const own = await runServiceBox(image, ["--no-hosts", "--hostname=my-project"]);
  expect((await own.asRoot("readlink", "/etc/hosts")).stdout).toBe("/run/hosts");
  expect((await own.asDev("getent", "ahostsv4", "my-project")).stdout).toMatch(/^127\.0\.1\.1 /);
  expect((await own.asDev("getent", "ahostsv4", "localhost")).stdout).toMatch(/^127\.0\.0\.1 /);
  expect((await own.asDev("getent", "ahostsv6", "localhost")).stdout).toMatch(/^::1 /);
  expect((await own.asDev("cat", "/etc/hosts")).stdout.split("\n")).toHaveLength(3);
  const engines = await runServiceBox(image, ["--add-host=neighbour:192.0.2.7"]);
  expect((await engines.asDev("getent", "hosts", "neighbour")).stdout).toContain("192.0.2.7");
  expect((await engines.asDev("sh", "-c", "echo x >>/etc/hosts")).exitCode).not.toBe(0);
});

it("works on a read-only root file system [A-02]", async () => {
  const volumes = [`--volume=${testName("home")}:/home/dev`, `--volume=${testName("private")}:/var/lib/tailscale`];
  const options = [...volumes, ...made.mounts, "--read-only", "--no-hosts"];
  // A read-only root has no place where a mount point could be made.
  const mounted = options.map((option) => option.replace("/etc/s6/services/steady", "/etc/s6/services/tailscaled"));
  const fixed = await runServiceBox(image, mounted);
  expect((await fixed.asRoot("touch", "/etc/x")).stderr).toContain("Read-only");
  await fixed.until("tailscaled", "ready");
  expect(await fixed.ready()).toMatchObject({ exitCode: 0, stderr: "" });
  expect(await fixed.services("disable", "tailscaled")).toMatchObject({ exitCode: 0, stderr: "" });
  expect(await fixed.services("enable", "tailscaled")).toMatchObject({ exitCode: 0, stderr: "" });
  expect((await fixed.asDev("sh", "-c", "echo x >~/workspace/x && echo y >/tmp/y && mktemp")).exitCode).toBe(0);
  expect((await fixed.asDev("sh", "-c", "echo x >/var/tmp/x")).exitCode).toBe(0);
  await fixed.stop();
  await fixed.start();
  await fixed.until("tailscaled", "ready");
});

it("works in a user namespace, where its root is nobody of the host's [A-02]", async () => {
  const map = ["--uidmap=0:1879048192:65536", "--gidmap=0:1879048192:65536"];
  const volumes = [`--volume=${testName("home")}:/home/dev:U`, `--volume=${testName("private")}:/var/lib/tailscale:U`];
  const mapped = await runServiceBox(image, [...map, ...volumes, ...made.mounts]);
  await mapped.until("steady", "ready");
  await mapped.asRoot("sh", "-c", "kill -9 $(s6-svstat -o pid /run/s6/services/steady)");
  await eventually(async () => expect(await mapped.one("steady")).toMatchObject({ state: "ready", restarts: 1 }));
  expect(await mapped.services("disable", "steady")).toMatchObject({ exitCode: 0, stderr: "" });
  expect(await mapped.ready()).toMatchObject({ exitCode: 0, stderr: "" });
});

it("keeps services and their logs from dev, also when dev's runtime directory is full", async () => {
  for (const path of ["/run/s6/services/steady/run", "/run/log/devbox/steady/current", "/run/hosts", "/etc/hosts"])
    expect((await box.asDev("sh", "-c", `echo x >>${path}`)).exitCode, path).not.toBe(0);
  expect((await box.asDev("s6-svc", "-d", "/run/s6/services/steady")).exitCode).not.toBe(0);
  await box.asDev("sh", "-c", "cat /dev/zero >/run/user/1000/big");
  const before = await box.pid("steady");
  await box.asRoot("kill", "-9", String(before));
  await eventually(async () => expect(await box.one("steady")).toMatchObject({ state: "ready" }));
  expect(await box.ready()).toMatchObject({ exitCode: 0 });
  await box.asDev("rm", "/run/user/1000/big");
});

it("gives Zed's server a place in home, and never writes through what dev put there", async () => {
  const volume = testName("zed");
  const zed = [
    `--volume=${volume}:/home/dev`,
    "--volume=/etc/hostname:/usr/lib/devbox/zed/zed-remote-server-stable-1.2.3:ro",
  ];
  const first = await runServiceBox(image, zed);
  const link = "/home/dev/.zed_server/zed-remote-server-stable-1.2.3";
  expect((await first.asDev("readlink", link)).stdout).toBe("/usr/lib/devbox/zed/zed-remote-server-stable-1.2.3");
  await first.asDev("sh", "-c", "rm -r ~/.zed_server && ln -s /var/lib/tailscale ~/.zed_server");
  await first.stop();
  await first.start();
  expect((await first.asRoot("ls", "-A", "/var/lib/tailscale")).stdout).not.toContain("zed");
  await first.asDev("sh", "-c", `rm ~/.zed_server && mkdir ~/.zed_server && echo own >${link}`);
  await first.stop();
  await first.start();
  expect((await first.asDev("cat", link)).stdout).toBe("own");
});
