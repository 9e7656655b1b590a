import { createHash, randomBytes } from "node:crypto";
import { once } from "node:events";
import { connect, createConnection, createServer, type AddressInfo, type Socket } from "node:net";
import { buffer, text } from "node:stream/consumers";
import { setTimeout as sleep } from "node:timers/promises";
import { execa } from "execa";
import { afterAll, afterEach, beforeAll, expect, it } from "vitest";
import { testCli, type TestCli } from "../support/cli.ts";
import { startForwarding, type Forwarding } from "../support/forward.ts";
import { testImage } from "../support/image.ts";
import { benchEnv, podmanOk, removeTestObjects } from "../support/podman.ts";
import { podmanService } from "../support/podman-service.ts";
import { runClean } from "../support/rootless.ts";
import { expectValid } from "../support/schema.ts";

/** A server of several habits; the first line says which. Perl is the one language that the small image has. */
const SERVER = `
use strict; use IO::Socket::INET; $SIG{CHLD} = "IGNORE"; $SIG{PIPE} = "IGNORE";
my $s = IO::Socket::INET->new(LocalAddr => "127.0.0.1", LocalPort => 9000, Listen => 128, ReuseAddr => 1) or die $!;
while (my $c = $s->accept) {
  next if fork;
  close $s; $c->autoflush(1); binmode $c;
  my $how = <$c> // "";
  if ($how =~ /^echo/) { my $b; print $c $b while read $c, $b, 65536; }
  elsif ($how =~ /^count/) { my ($n, $b) = (0); $n += length $b while read $c, $b, 65536; sleep 2; print $c "$n\\n"; }
  elsif ($how =~ /^send (\\d+)/) { my $b = "x" x 65536; for (1 .. $1) { print $c $b or last } }
  elsif ($how =~ /^stream/) { while (print $c "x\\n") { select undef, undef, undef, 0.05 } }
  elsif ($how =~ /^bye (\\d+)/) { print $c "x" x $1 }
  elsif ($how =~ /^last/) { print $c "answer\\n"; shutdown $c, 1; my ($n, $b) = (0); $n += length $b while read $c, $b, 65536;
    open my $f, ">", "/tmp/last.new"; print $f $n; close $f; rename "/tmp/last.new", "/tmp/last" }
  elsif ($how =~ /^hold/) { print $c "held\\n"; sleep 1000 }
  exit;
}`;

/** What every test's program is configured with. */
const wanted = async () => ({
  image: await testImage(),
  limits: { memory: "512MiB", reserve: { memory: "64MiB", disk: "64MiB" } },
});

let cli: TestCli;
let containerId: string;
let running: Forwarding[] = [];

const forward = async (...words: string[]): Promise<Forwarding> => {
  const started = await startForwarding(cli, ["port-forward", "api", ...words]);
  running.push(started);
  return started;
};
const inBox = (script: string) => cli.run(["exec", "api", "--", "sh", "-c", script]);
const serve = () => inBox("setsid perl ~/server.pl >/dev/null 2>&1 </dev/null & sleep 0.5");
/** What carries connections, in the box and here. */
const carriers = async (): Promise<string> => {
  const box = await inBox("pgrep -fl '[l]ibexec/devbox/connect|[d]evbox-lifeline'");
  const { stdout } = await runClean(["ps", "-e", "-o", "args="], benchEnv());
  const isCarrier = (line: string) => line.includes(containerId) && /devbox\/connect|devbox-lifeline/.test(line);
  return box.stdout + stdout.split("\n").filter(isCarrier).join("\n");
};
const dial = async (port: number | undefined, first: string): Promise<Socket> => {
  const socket = connect({ port: port ?? 0, host: "127.0.0.1", allowHalfOpen: true });
  socket.on("error", () => undefined);
  await once(socket, "connect");
  socket.write(first);
  return socket;
};
/** Sends one word, and gives what comes until the other side has said everything. */
const ask = async (port: number | undefined, word: string): Promise<string> => {
  const socket = await dial(port, word);
  const answer = text(socket).catch((error: unknown) => (error as NodeJS.ErrnoException).code ?? "broken");
  socket.end();
  return answer;
};

beforeAll(async () => {
  cli = await testCli({ config: await wanted() });
  expect(await cli.run(["create", "api"])).toMatchObject({ exitCode: 0 });
  const { config } = (await cli.json(["config", "show"])) as { config: { engine: { namespace: string } } };
  containerId = await podmanOk(["inspect", "--format", "{{.Id}}", `${config.engine.namespace}-api`]);
  expect(await cli.run(["cp", "-", "api:server.pl"], { input: SERVER })).toMatchObject({ exitCode: 0 });
  await serve();
});
afterEach(async () => {
  for (const { signal } of running) {
    try {
      signal("SIGKILL");
    } catch {
      // It has ended.
    }
  }
  running = [];
  await expect.poll(carriers, { timeout: 15_000 }).toBe("");
});
afterAll(async () => {
  await removeTestObjects();
  await cli.remove();
});

it("carries bytes both ways, unchanged and many at once, until Ctrl-C, which is its normal end", async () => {
  const { ports, signal, exitCode } = await forward("0:9000");
  const data = randomBytes(3_000_000);
  const sums = await Promise.all(
    Array.from({ length: 8 }, async () => {
      const socket = await dial(ports[0], "echo\n");
      const back = buffer(socket);
      socket.end(data);
      return createHash("sha256")
        .update(await back)
        .digest("hex");
    }),
  );
  expect(new Set(sums)).toEqual(new Set([createHash("sha256").update(data).digest("hex")]));
  const { box } = (await cli.json(["status", "api"])) as { box: { lastUsedBy: string } };
  expect(box.lastUsedBy).toBe("port-forward");
  const idle = await dial(ports[0], "hold\n");
  await once(idle, "data");
  const gone = new Promise((resolve) => idle.once("close", resolve));
  idle.resume();
  signal("SIGINT");
  expect(await exitCode).toBe(0);
  await gone;
  expect(await carriers()).toBe("");
});

it("keeps half-open connections, and gives each side its own pace", async () => {
  const { ports, pid } = await forward("0:9000");
  expect(await ask(ports[0], "count\nfive\n")).toBe("5\n");
  const slow = await dial(ports[0], "send 4000\n");
  slow.pause();
  await sleep(3000);
  const { stdout } = await runClean(["ps", "-o", "rss=", "-p", String(pid)], benchEnv());
  expect(Number(stdout)).toBeLessThan(200_000);
  slow.end();
  expect((await buffer(slow)).length).toBe(4000 * 65_536);
});

it.each(["Podman itself", "Podman's service"])(
  "passes on that the server has said everything, to clients that go on: %s",
  async (which) => {
    await using service = which === "Podman itself" ? undefined : await podmanService();
    if (service) await cli.writeConfig({ ...(await wanted()), engine: { socket: service.socket } });
    const { ports, stderr, signal, exitCode } = await forward("0:9000");
    // The server is gone: what such a client sends after that is for nobody, and ends the connection.
    for (const length of [0, 5, 3_000_000]) {
      const client = await dial(ports[0], `bye ${length}\n`);
      expect((await buffer(client)).length).toBe(length);
      const gone = once(client, "close");
      client.write("more");
      await sleep(200);
      client.end("and more");
      await gone;
    }
    // The server listens on: what such a client sends after that arrives.
    const client = await dial(ports[0], "last\n");
    expect(await text(client)).toBe("answer\n");
    await inBox("rm -f /tmp/last");
    client.end("y".repeat(300_000));
    await expect.poll(async () => (await inBox("cat /tmp/last")).stdout, { timeout: 10_000 }).toBe("300000");
    expect(await ask(ports[0], "count\nfive\n")).toBe("5\n");
    await expect.poll(async () => (await carriers()).includes("connect"), { timeout: 10_000 }).toBe(false);
    expect(stderr()).toBe("");
    signal("SIGINT");
    expect(await exitCode).toBe(0);
    if (service) await cli.writeConfig(await wanted());
  },
);

it.each(["stream", "hold"])("leaves nothing when a client is killed that a server does not notice: %s", async (how) => {
  const { ports } = await forward("0:9000");
  const before = await carriers();
  const client = execa(
    "bash",
    ["-c", `exec 3<>/dev/tcp/127.0.0.1/${String(ports[0])}; echo ${how} >&3; exec cat <&3`],
    {
      reject: false,
    },
  );
  await once(client.stdout, "data");
  expect(await carriers()).not.toBe(before);
  client.kill("SIGKILL");
  await expect.poll(async () => (await carriers()).includes("connect"), { timeout: 30_000, interval: 500 }).toBe(false);
});

it("leaves nothing when it is killed itself", async () => {
  const { ports, signal } = await forward("0:9000");
  const clients = await Promise.all(["stream\n", "hold\n", "echo\n"].map((word) => dial(ports[0], word)));
  await Promise.all(clients.slice(0, 2).map((client) => once(client, "data")));
  signal("SIGKILL");
  await expect.poll(carriers, { timeout: 15_000 }).toBe("");
});

it("goes on when the service in the box restarts, and says that nothing listens", async () => {
  const { ports, stderr } = await forward("0:9000");
  await inBox("pkill perl");
  expect(await ask(ports[0], "count\n")).toMatch(/^$|ECONNRESET/);
  expect(await ask(ports[0], "count\n")).toMatch(/^$|ECONNRESET/);
  await expect.poll(stderr, { timeout: 15_000 }).toContain("nothing listens on port 9000 of api");
  expect(stderr().match(/nothing listens/g)).toHaveLength(1);
  await serve();
  expect(await ask(ports[0], "count\nabc")).toBe("3\n");
});

it("outlives a restart of the box, and ends when it stops", async () => {
  const { ports, stderr, exitCode } = await forward("0:9000");
  expect(await cli.run(["restart", "api"])).toMatchObject({ exitCode: 0 });
  await serve();
  expect(await ask(ports[0], "count\nabc")).toBe("3\n");
  const held = await dial(ports[0], "hold\n");
  await once(held, "data");
  expect(await cli.run(["stop", "api"])).toMatchObject({ exitCode: 0 });
  expect(await exitCode).toBe(5);
  expect(stderr()).toContain("Error: api is stopp");
  expect(stderr()).toContain("→ devbox-ctl start api");
  expect(await cli.run(["port-forward", "api", "9000"])).toMatchObject({ exitCode: 5 });
  expect(await cli.run(["start", "api"])).toMatchObject({ exitCode: 0 });
  await serve();
});

it("listens on 127.0.0.1 alone, and refuses other users of this machine", async (context) => {
  const { ports, stderr } = await forward("0:9000");
  const port = ports[0] ?? 0;
  const { stdout } = await runClean(["ss", "-ltnH", `sport = :${port}`], benchEnv());
  expect(stdout.trim().split(/\s+/)[3]).toBe(`127.0.0.1:${port}`);
  context.skip(process.getuid?.() !== 0, "becoming another user needs root");
  const word = `exec 3<>/dev/tcp/127.0.0.1/${port}; printf 'count\\nabc' >&3; cat <&3`;
  const stranger = await runClean(["setpriv", "--reuid=nobody", "--clear-groups", "bash", "-c", word], benchEnv());
  expect(stranger.stdout).toBe("");
  await expect.poll(stderr, { timeout: 15_000 }).toMatch(/a connection of another user \(uid \d+\) was refused/);
  expect(await ask(port, "count\nabc")).toBe("3\n");
});

it("takes nobody for the owner of another connection that has the same port", async (context) => {
  context.skip(process.getuid?.() !== 0, "becoming another user needs root");
  const { ports } = await forward("0:9000");
  const port = ports[0] ?? 0;
  // The owner's connection, held open; its row of the kernel's table is the one that must not be taken for another's.
  const held = createConnection({ host: "127.0.0.1", port });
  await once(held, "connect");
  const script = `use Socket; socket(S, PF_INET, SOCK_STREAM, 0); setsockopt(S, SOL_SOCKET, SO_REUSEADDR, 1);
    bind(S, pack_sockaddr_in(${held.localPort ?? 0}, inet_aton("127.0.0.2"))) or die "bind"; connect(S, pack_sockaddr_in(${port}, inet_aton("127.0.0.1"))) or die "connect";
    syswrite S, "count\nabc"; shutdown S, 1; print while <S>;`;
  const thief = await runClean(["setpriv", "--reuid=nobody", "--clear-groups", "perl", "-e", script], benchEnv());
  held.destroy();
  expect(thief.stdout).toBe("");
  expect(thief.stderr).not.toMatch(/bind|connect at/);
});

it("says which port is taken, wrong or not allowed, and what to do", async () => {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  const taken = await cli.run(["port-forward", "api", String(port)]);
  expect(taken).toMatchObject({ exitCode: 5, stdout: "" });
  expect(taken.stderr).toContain(`Choose another one: devbox-ctl port-forward api ${port + 1}:${port}`);
  const json = await cli.run(["port-forward", "api", String(port), "--json"]);
  expect(expectValid("error", JSON.parse(json.stdout)).error.code).toBe("PORT_TAKEN");
  server.close();
  expect(await cli.run(["port-forward", "nowhere", "80"])).toMatchObject({ exitCode: 3 });
  for (const words of [["0"], ["65536"], ["a:b"], ["1:2:3"], ["8081:80", "8081:81"], []]) {
    expect(await cli.run(["port-forward", "api", ...words]), words.join(" ")).toMatchObject({ exitCode: 2 });
  }
});

it("prints one line of JSON as soon as it listens [X-12]", async () => {
  const words = [...cli.argv.slice(1), "port-forward", "api", "0:9000", "0:9001", "--json"];
  const child = execa(cli.argv[0] ?? "", words, { env: cli.env, extendEnv: false, reject: false });
  const [line] = (await once(child.stdout, "data")) as [Buffer];
  const result = expectValid("port-forward", JSON.parse(String(line)));
  expect(result).toMatchObject({ box: "api", forwards: [{ address: "127.0.0.1", port: 9000 }, { port: 9001 }] });
  expect(await ask(result.forwards[0]?.localPort, "count\nabc")).toBe("3\n");
  child.kill("SIGINT");
  const { exitCode, stderr, stdout } = await child;
  expect({ exitCode, stderr, lines: stdout.trim().split("\n").length }).toEqual({ exitCode: 0, stderr: "", lines: 1 });
});
