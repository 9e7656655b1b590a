import { afterAll, beforeAll, expect, it } from "vitest";
import manifest from "../../containers/box/image.json" with { type: "json" };
import { testName } from "../support/ids.ts";
import { fullImage } from "../support/image.ts";
import { podman, removeTestObjects } from "../support/podman.ts";
import { eventually, runServiceBox, type ServiceBox } from "../support/service-box.ts";

// The real services of the full image.

const { serviceDirectory } = manifest;
const home = testName("home");
const secret = testName("private");
let image: string;
let box: ServiceBox;

const CONFIG = "/home/dev/.config/code-server/config.yaml";

const restartBox = async (): Promise<void> => {
  await box.stop();
  await box.start();
};
const restartCodeServer = (on = box): Promise<unknown> => {
  const directory = `${serviceDirectory}/code-server`;
  return on.asRoot("sh", "-c", `s6-svdt-clear ${directory}; s6-svc -r ${directory}`);
};
/** Restarts code-server and waits until it answers anew. */
async function codeServerAnew(on = box): Promise<void> {
  const before = await on.pid("code-server");
  await restartCodeServer(on);
  await eventually(async () => expect(await on.pid("code-server")).not.toBe(before));
  await on.until("code-server", "ready");
}
const get = (path: string, on = box): Promise<string> =>
  on
    .asDev("curl", "-s", "-o", "/dev/null", "-w", "%{http_code} %{redirect_url}", `http://127.0.0.1:8080${path}`)
    .then(({ stdout }) => stdout);
const listening = (on = box): Promise<string[]> =>
  on.asRoot("ss", "-Htln").then(({ stdout }) =>
    stdout
      .split("\n")
      .map((line) => line.trim().split(/\s+/)[3] ?? "")
      .filter((address) => address !== "")
      .sort(),
  );

beforeAll(async () => {
  image = await fullImage();
  box = await runServiceBox(image, [`--volume=${home}:/home/dev`, `--volume=${secret}:/var/lib/tailscale`]);
});

afterAll(() => removeTestObjects());

it("has tailscaled and code-server ready, each as its user, and nothing that listens off loopback [FR-008] [FR-009]", async () => {
  const { stdout, exitCode } = await box.ready("--wait", "30", "--report");
  expect({ exitCode, lines: stdout.split("\n").sort() }).toEqual({
    exitCode: 0,
    lines: ["service code-server", "service tailscaled", "shell"],
  });
  const user = async (service: string): Promise<string> =>
    (await box.asRoot("ps", "-o", "user=", "-p", String(await box.pid(service)))).stdout;
  expect([await user("tailscaled"), await user("code-server")]).toEqual(["root", "dev"]);
  const status = await box.asRoot("tailscale", "status", "--json");
  expect(JSON.parse(status.stdout)).toMatchObject({ BackendState: "NeedsLogin" });
  expect(await get("/healthz")).toBe("200 ");
  expect(await listening()).toEqual(["127.0.0.1:8080"]);
  expect((await box.asRoot("stat", "-c", "%U %a", "/run/tailscale", "/var/lib/tailscale")).stdout).toBe(
    "root 755\nroot 700",
  );
});

it(
  "starts each again when killed, twenty times, and touches nothing else [FR-008] [FR-009]",
  { timeout: 600_000 },
  async () => {
    await podman(["exec", "--detach", "--user", "dev", box.name, "sleep", "7777"]);
    expect(await box.services("enable", "syncthing")).toMatchObject({ exitCode: 0 });
    await box.until("syncthing", "ready");
    for (const [killed, other] of [
      ["tailscaled", "code-server"],
      ["code-server", "tailscaled"],
      ["syncthing", "code-server"],
    ] as const) {
      const untouched = await box.pid(other);
      for (let time = 0; time < 20; time += 1) {
        const before = await box.pid(killed);
        expect(before).toBeGreaterThan(1);
        // Without the memory of its deaths the wait stays at a second.
        await box.asRoot("sh", "-c", `s6-svdt-clear ${serviceDirectory}/${killed}; kill -9 ${String(before)}`);
        await eventually(async () => {
          expect(await box.pid(killed)).not.toBe(before);
          expect(await box.one(killed)).toMatchObject({ state: "ready", restarts: 1, lastExit: "signal KILL" });
        });
      }
      expect(await box.pid(other)).toBe(untouched);
    }
    expect((await box.asRoot("pgrep", "-fc", "^sleep 7777$")).stdout).toBe("1");
    expect(await box.services("disable", "syncthing")).toMatchObject({ exitCode: 0 });
  },
);

it("reports code-server as failing while its port is taken, and the box stays usable", async () => {
  const server = String.raw`use Socket; socket(my $s, AF_INET, SOCK_STREAM, 0); setsockopt($s, SOL_SOCKET, SO_REUSEADDR, 1);
    until (bind($s, pack_sockaddr_in(8080, INADDR_LOOPBACK)) && listen($s, 9)) { select undef, undef, undef, 0.01 }
    while (accept(my $c, $s)) { sysread $c, my $in, 9999; syswrite $c, "HTTP/1.0 200 OK\r\n\r\n{}"; close $c }`;
  await podman(["exec", "--detach", "--user", "dev", box.name, "perl", "-e", server]);
  await restartCodeServer();
  const failing = await box.until("code-server", "failing");
  expect(failing.lastExit).toMatch(/^exit [1-9]/);
  expect(failing.lines.join("\n")).toContain("EADDRINUSE");
  expect(await box.ready("--shell")).toMatchObject({ exitCode: 0 });
  expect((await box.ready()).stderr).toMatch(/^service code-server: /);
  expect(await box.one("tailscaled")).toMatchObject({ state: "ready" });
  await box.asRoot("pkill", "-x", "perl");
  await box.until("code-server", "ready");
});

it("fixes the address of code-server, and leaves its authentication to dev", async () => {
  const written = await box.asDev("cat", CONFIG);
  expect(written.stdout).toMatch(/^auth: none$/m);
  const config = "auth: password\npassword: s3cret-word\nbind-addr: 0.0.0.0:9999\nhost: 0.0.0.0\nport: 9998\n";
  await box.asDev("sh", "-c", `printf '${config.replaceAll("\n", String.raw`\n`)}' >${CONFIG}`);
  await codeServerAnew();
  expect(await listening()).toEqual(["127.0.0.1:8080"]);
  expect(await get("/")).toMatch(/^302 .*login/);
  await restartBox();
  await box.until("code-server", "ready");
  expect((await box.asDev("cat", CONFIG)).stdout).toContain("s3cret-word");
});

it("fails rather than forgets a password that it cannot read", async () => {
  await box.asDev("chmod", "000", CONFIG);
  await restartCodeServer();
  await box.until("code-server", "failing");
  expect((await box.services("log", "code-server")).stdout).toContain("EACCES");
  expect(await box.ready("--shell")).toMatchObject({ exitCode: 0 });
  await box.asDev("sh", "-c", `chmod 600 ${CONFIG} && echo 'auth: none' >${CONFIG}`);
  await box.until("code-server", "ready");
  expect(await get("/?folder=/home/dev/workspace")).toBe("200 ");
});

it("takes additions for tailscaled from the private volume, as they are written", async () => {
  const file = "/var/lib/tailscale/.devbox/env/tailscaled";
  const lines = String.raw`# a comment\n\nTS_DEBUG_X=a "b" $(touch /run/evil) c\nno key\nBAD-KEY=x\nLAST=1`;
  await box.asRoot("sh", "-c", `mkdir -p "$(dirname ${file})" && printf '%b' '${lines}' >${file}`);
  await restartBox();
  await box.until("tailscaled", "ready");
  const { stdout } = await box.asRoot("cat", `/proc/${String(await box.pid("tailscaled"))}/environ`);
  const variables = stdout.split("\0");
  expect(variables).toContain('TS_DEBUG_X=a "b" $(touch /run/evil) c');
  expect(variables).toContain("LAST=1");
  expect(stdout).not.toContain("BAD-KEY");
  expect((await box.asRoot("ls", "/run/evil")).exitCode).not.toBe(0);
  expect((await box.services("log", "tailscaled", "500")).stdout).toContain("is not KEY=VALUE and was left out");
});

it("remembers that code-server was turned off", async () => {
  expect(await box.services("disable", "code-server")).toMatchObject({ exitCode: 0, stderr: "" });
  await restartBox();
  expect(await box.ready("--wait", "20")).toMatchObject({ exitCode: 0 });
  expect(await box.one("code-server")).toMatchObject({ state: "stopped", enabled: false });
  expect(await listening()).toEqual([]);
  expect(await box.services("enable", "code-server")).toMatchObject({ exitCode: 0, stderr: "" });
  await box.until("code-server", "ready");
});

const HOSTILE = {
  "a link in place of ~/.config": "rm -rf ~/.config && ln -s /var/lib/tailscale ~/.config",
  "a directory in place of the settings": `rm -rf ~/.config && mkdir -p ${CONFIG}`,
  "a pipe in place of the settings": `rm -rf ~/.config && mkdir -p ~/.config/code-server && mkfifo ${CONFIG}`,
  "a file in place of ~/.local": "rm -rf ~/.local && echo x >~/.local",
  "links in place of the data": "rm -rf ~/.local && mkdir -p ~/.local/share && ln -s /root ~/.local/share/code-server",
  "no workspace": "rm -rf ~/workspace",
  "a home that dev may not write": "rm -rf ~/.config ~/.local && chmod 555 ~",
};

it.each(Object.entries(HOSTILE))("lives with %s", async (_what, script) => {
  const own = await runServiceBox(image);
  await own.until("code-server", "ready");
  const before = await own.asRoot("find", "/var/lib/tailscale", "/root", "-newer", "/proc/1/cmdline", "-user", "dev");
  expect(before.stdout).toBe("");
  expect(await own.asDev("sh", "-c", script)).toMatchObject({ exitCode: 0 });
  await codeServerAnew(own);
  await own.stop();
  await own.start();
  await own.until("code-server", "ready");
  await own.until("tailscaled", "ready");
  expect((await own.asRoot("find", "/var/lib/tailscale", "/root", "-user", "dev")).stdout).toBe("");
  expect(await own.asRoot("sh", "-c", "ls -A /root /var/lib/tailscale | grep -c code-server")).toMatchObject({
    stdout: "0",
  });
});

it("starts on a disk that is full from the beginning, and after it became full", async () => {
  const full = await runServiceBox(image, ["--tmpfs=/home/dev:size=32k,mode=0755,notmpcopyup"]);
  await full.asDev("sh", "-c", "cat /dev/zero >~/big");
  await codeServerAnew(full);
  expect(await full.ready()).toMatchObject({ exitCode: 0, stderr: "" });
  expect(await get("/?folder=/home/dev/workspace", full)).toBe("200 ");
});

it("runs on a read-only root file system [A-02]", async () => {
  const fixed = await runServiceBox(image, [
    "--read-only",
    "--no-hosts",
    `--volume=${testName("home")}:/home/dev`,
    `--volume=${testName("private")}:/var/lib/tailscale`,
  ]);
  expect(await fixed.ready("--wait", "30")).toMatchObject({ exitCode: 0, stderr: "" });
  expect(await get("/healthz", fixed)).toBe("200 ");
});
