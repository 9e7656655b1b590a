import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { appendFile, chmod, cp, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import process from "node:process";
import { gzipSync } from "node:zlib";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { PARTS_LABEL } from "../../src/core/image-contract.ts";
import { testCli } from "../support/cli.ts";
import { testName } from "../support/ids.ts";
import { BUILDER, contractOptions, fullImage, imageWith, testImage } from "../support/image.ts";
import { benchEnv, podmanOk, removeTestObjects } from "../support/podman.ts";
import { runClean, type Ran } from "../support/rootless.ts";

// The parts of the image: what determines them, what is in the image, and what is not.

const PARTS = ["base", "tools", "runtimes", "syncthing", "node", "tailscale", "code-server"];
const ZED = "zed-remote-server-stable-0.210.4";
let scratch: string;

beforeAll(async () => {
  scratch = await mkdtemp(path.join(tmpdir(), "dbxtest-parts-"));
});

afterAll(async () => {
  await removeTestObjects();
  await rm(scratch, { recursive: true, force: true });
});

const run = (program: string, ...args: string[]): Promise<Ran> => runClean([program, ...args], benchEnv());

describe("content keys", () => {
  let box: string;
  const script = () => path.join(box, "debian/content-key");
  const key = async (...args: string[]): Promise<string> => {
    const { stdout, stderr, exitCode } = await run(script(), ...args);
    expect(stderr).toBe("");
    expect(exitCode).toBe(0);
    expect(stdout).toMatch(/^[0-9a-f]{64}$/);
    return stdout;
  };
  const keys = async (): Promise<Record<string, string>> => {
    const found = PARTS.map(async (part) => [part, await key("--part", part)] as const);
    const debian = async () => ["debian", await key("--debian")] as const;
    const whole = async () => ["image", await key()] as const;
    return Object.fromEntries(await Promise.all([...found, debian(), whole()]));
  };
  /** The keys that another line at the end of a file changes. */
  const changedBy = async (file: string, line: string): Promise<string[]> => {
    const target = path.join(box, file);
    const content = await readFile(target);
    const before = await keys();
    await appendFile(target, line);
    const after = await keys();
    await writeFile(target, content);
    return Object.keys(before).filter((name) => before[name] !== after[name]);
  };

  beforeAll(async () => {
    box = path.join(scratch, "with a blank", "box");
    await cp(path.dirname(BUILDER), box, { recursive: true });
  });

  it.each([
    ["debian/cli-tools.txt", "hello\n", ["tools", "debian", "image"]],
    ["debian/runtimes.txt", "ruby\n", ["runtimes", "debian", "image"]],
    ["debian/packages.txt", "hello\n", ["base", "debian", "image"]],
    ["debian/cli-tools.txt", "# a comment\n", []],
    ["debian/parts/tailscale", "# a comment\n", ["tailscale", "image"]],
    ["debian/parts/prune-code-server", "# a comment\n", ["code-server", "image"]],
    ["debian/pins", "GO_TOOLCHAIN_MORE=1\n", ["tailscale", "image"]],
    ["debian/pins", "CODE_SERVER_MORE=1\n", ["code-server", "image"]],
    ["debian/pins", "NPM_MORE=1\n", ["node", "code-server", "image"]],
    ["rootfs/usr/libexec/devbox/ready", "# a comment\n", ["image"]],
    ["debian/customize", "# a comment\n", ["base", "tools", "runtimes", "syncthing", "debian", "image"]],
  ])("%s with %j changes %j", async (file, line, changed) => {
    expect((await changedBy(file, line)).sort()).toEqual([...changed].sort());
  });

  it("notice a name and an x bit in the overlay", async () => {
    const before = await key();
    const file = path.join(box, "rootfs/etc/profile.d/devbox.sh");
    await chmod(file, 0o755);
    const executable = await key();
    await chmod(file, 0o644);
    expect(executable).not.toBe(before);
    expect(await key()).toBe(before);
  });

  it("differ by what is left out, and not by the order in which it was said", async () => {
    const [whole, minimal, one, two, other] = await Promise.all([
      key(),
      key("--minimal"),
      key("--without", "tailscale"),
      key("--without", "tailscale", "--without", "runtimes"),
      key("--without", "runtimes", "--without", "tailscale"),
    ]);
    expect(new Set([whole, minimal, one, two]).size).toBe(4);
    expect(other).toBe(two);
  });
});

describe("what cannot be built is refused", () => {
  const sha = "0".repeat(64);
  const zed = (server: string, ...more: string[]) => ["--zed-server", server, "--zed-sha256", sha, ...more];
  it.each<[string, string[], string]>([
    ["a part that is none", ["--without", "everything"], "no part that can be left out: everything"],
    ["the base", ["--without", "base"], "no part that can be left out: base"],
    ["nothing to leave out", ["--minimal", "--without", "tools"], "--minimal leaves out everything"],
    ["Zed without its hash", ["--zed-server", `/x/${ZED}`], "needs --zed-sha256"],
    ["half a hash", ["--zed-server", `/x/${ZED}`, "--zed-sha256", "abc"], "64 hex digits"],
    ["a hash without Zed", ["--zed-sha256", sha], "belong to --zed-server"],
    ["plain http", zed(`http://example.com/${ZED}`), "https://"],
    ["a file of another name", zed("/x/server.gz"), "no name that Zed looks for"],
    ["a name with a path", zed("/x/server.gz", "--zed-name", `../${ZED}`), "no name that Zed looks for"],
  ])("%s", async (_, args, why) => {
    const { stderr, exitCode } = await run(
      path.join(BUILDER, "build"),
      "--output",
      path.join(scratch, "no.tar"),
      ...args,
    );
    expect(stderr).toContain(why);
    expect(exitCode).toBe(2);
    expect(await readdir(scratch)).not.toContain("no.tar");
  });

  it("by the program too, with what to do", async () => {
    await using cli = await testCli();
    const { stdout, exitCode } = await cli.run(["image", "build", "--json", ...zed("/x/server.gz")]);
    expect(exitCode).toBe(2);
    expect(JSON.parse(stdout)).toMatchObject({ error: { code: "INVALID_SPEC" } });
    expect((await cli.run(["image", "build", "--without", "everything"])).exitCode).toBe(2);
  });
});

describe("Zed's remote server", () => {
  // Any program will do; what Zed makes of it is not our concern.
  const build = async (server: string, sha256: string, cache: string) =>
    run(
      path.join(BUILDER, "build"),
      ...["--output", path.join(cache, "out.tar"), "--cache", cache],
      ...["--zed-server", server, "--zed-sha256", sha256],
      ...["tools", "runtimes", "syncthing", "tailscale", "code-server"].flatMap((part) => ["--without", part]),
    );
  const given = async (content: Buffer, name: string) => {
    const file = path.join(scratch, name);
    await writeFile(file, content);
    return { file, sha256: createHash("sha256").update(content).digest("hex") };
  };
  /** A cache that has the Debian root already, as the minimal test image has the same one. */
  const cacheOf = async (name: string) => {
    await testImage();
    const cache = path.join(scratch, name);
    await mkdir(cache);
    const flags = ["tools", "runtimes", "syncthing", "tailscale", "code-server"].flatMap((part) => ["--without", part]);
    const { stdout: wanted } = await run(path.join(BUILDER, "content-key"), "--debian", ...flags);
    const { stdout: minimal } = await run(path.join(BUILDER, "content-key"), "--debian", "--minimal");
    expect(wanted).toBe(minimal);
    const kept = path.join(process.env.XDG_CACHE_HOME ?? path.join(process.env.HOME!, ".cache"), "devbox-ctl/images");
    // Podman may have the image from another time although the cache is new.
    if (!existsSync(path.join(kept, `debian-${minimal}.tar`))) {
      await run(
        path.join(BUILDER, "build"),
        "--minimal",
        "--cache",
        kept,
        "--output",
        path.join(scratch, "unused.tar"),
      );
    }
    await cp(path.join(kept, `debian-${minimal}.tar`), path.join(cache, `debian-${minimal}.tar`));
    return cache;
  };

  it("with another SHA-256 leaves nothing behind", async () => {
    const cache = await cacheOf("wrong");
    const before = await readdir(cache);
    const { file } = await given(gzipSync(await readFile("/bin/true")), `${ZED}.gz`);
    const { stderr, exitCode } = await build(file, "1".repeat(64), cache);
    expect(exitCode).toBe(1);
    expect(stderr).toContain("not the one given");
    expect(stderr.trimEnd()).toMatch(/build: the part zed failed$/);
    expect(await readdir(cache)).toEqual(before);
  });

  it("that is no program is refused", async () => {
    const cache = await cacheOf("text");
    const { file, sha256 } = await given(Buffer.from("<html>not found</html>"), ZED);
    const { stderr, exitCode } = await build(file, sha256, cache);
    expect(exitCode).toBe(1);
    expect(stderr).toContain("no program for Linux");
    expect((await readdir(cache)).filter((name) => name.startsWith("zed"))).toEqual([]);
  });

  it("is unpacked, executable, and listed", async () => {
    const cache = await cacheOf("right");
    const program = await readFile("/bin/true");
    const { file, sha256 } = await given(gzipSync(program), `${ZED}.gz`);
    const { stdout, exitCode, stderr } = await build(file, sha256, cache);
    expect(stderr).not.toContain("zed: not in this image");
    expect(exitCode).toBe(0);
    expect(stdout.split("\n").at(-1)).toBe("zed stable-0.210.4");
    const tar = path.join(cache, "out.tar");
    const listed = await run("tar", "--list", "--verbose", "--file", tar, `./usr/lib/devbox/zed/${ZED}`);
    expect(listed.stdout).toMatch(/^-rwxr-xr-x 0\/0 /);
    await run("tar", "--extract", "--file", tar, "--directory", cache, `./usr/lib/devbox/zed/${ZED}`);
    expect(await readFile(path.join(cache, "usr/lib/devbox/zed", ZED))).toEqual(program);
  });
});

/** Runs a script of sh in a box of this image, as root unless told otherwise. */
async function inImage(image: string, script: string, user = "root"): Promise<string> {
  const options = ["--rm", "--name", testName(), "--user", user, "--network", "none", "--entrypoint", "/bin/sh"];
  return podmanOk(["run", ...options, ...contractOptions(), image, "-c", script]);
}

const labelOf = (image: string) =>
  podmanOk(["image", "inspect", "--format", `{{index .Config.Labels "${PARTS_LABEL}"}}`, image]);

describe.each([
  ["the minimal image", testImage, ["base"]],
  ["the whole image", fullImage, PARTS],
] as const)("%s", (_, make, parts) => {
  let image: string;
  beforeAll(async () => {
    image = await make();
  });

  it("says the same parts in its label and its file [FR-007]", async () => {
    expect((await labelOf(image)).split(",")).toEqual(parts);
    const file = await inImage(image, "cat /usr/share/devbox/parts");
    expect(file.split("\n").map((line) => line.split(" ")[0])).toEqual(parts);
    expect(file.split("\n").every((line) => /^[a-z-]+ \S+$/.test(line))).toBe(true);
  });

  it("has no file with a setuid or setgid bit", async () => {
    expect(await inImage(image, "find / -xdev -perm /6000 ! -type d")).toBe("");
  });

  it("lets dev write nowhere but at home and in /tmp", async () => {
    const script =
      "find / -xdev \\( -path /proc -o -path /sys -o -path /dev \\) -prune -o ! -type l -writable -print 2>/dev/null; true";
    const found = (await inImage(image, script, "dev"))
      .split("\n")
      .filter((line) => !/^\/(home\/dev|tmp|run)(\/|$)/.test(line));
    expect(found.filter((line) => line !== "")).toEqual([]);
  });

  it("has no caches, no settings of the machine that built it, and no paths of it", async () => {
    const left = "/root/.npm /root/.npmrc /root/.cache /root/.config /root/go /usr/etc/npmrc /home/dev/.npmrc";
    expect(
      await inImage(image, `ls -d ${left} 2>/dev/null; find /tmp /var/cache/apt/archives -type f ! -name lock`),
    ).toBe("");
    const script = `grep -rlF -e "$1" / --exclude-dir=proc --exclude-dir=sys --exclude-dir=dev 2>/dev/null; true`;
    const argv = ["--rm", "--name", testName(), "--network", "none", "--entrypoint", "/bin/sh", image, "-c", script];
    expect(await podmanOk(["run", ...argv, "sh", path.dirname(path.dirname(BUILDER))])).toBe("");
  });
});

describe("the whole image", () => {
  it("has programs that run as dev [FR-006] [FR-007]", async () => {
    const script =
      "set -e; node --version; npm --version; tailscale version | head -n 1; code-server --version | tail -n 1 | cut -d ' ' -f 1; syncthing --version | cut -d ' ' -f 1; python3 -c 'print(6 * 7)'; command -v rg; command -v fd";
    const said = await inImage(await fullImage(), script, "dev");
    expect(said.split("\n")).toEqual([
      expect.stringMatching(/^v24\./),
      expect.stringMatching(/^11\./),
      expect.stringMatching(/^1\.\d+\.\d+$/),
      expect.stringMatching(/^4\.\d+\.\d+$/),
      "syncthing",
      "42",
      "/usr/bin/rg",
      "/usr/local/bin/fd",
    ]);
  });

  it("has a tailscaled that starts without a device, and code-server whose modules load", async () => {
    const script = `set -e
      tailscaled --tun=userspace-networking --statedir=/var/lib/tailscale --socket=/tmp/s --port=0 --no-logs-no-support >/dev/null 2>&1 &
      for _ in 1 2 3 4 5 6 7 8 9 10; do tailscale --socket=/tmp/s status --json >/tmp/status 2>/dev/null && break; sleep 0.5; done
      jq -r .BackendState /tmp/status
      cd /usr/lib/code-server/lib/vscode && node --input-type=module -e '
        for (const name of ["node-pty", "@vscode/spdlog", "@vscode/sqlite3", "@parcel/watcher", "kerberos", "@vscode/native-watchdog"]) await import(name);
        console.log("loaded");
        process.exit(0)'`;
    expect((await inImage(await fullImage(), script)).split("\n")).toEqual(["NeedsLogin", "loaded"]);
  });
});

it("leaves out what it was told to leave out, and Node with those who need it", { timeout: 600_000 }, async () => {
  // What is left takes no packages beyond the minimal image's, and tailscale is in the cache: nothing has to be made.
  await Promise.all([testImage(), fullImage()]);
  const without = ["tools", "runtimes", "syncthing", "code-server"].flatMap((part) => ["--without", part]);
  const image = await imageWith(without);
  expect(await labelOf(image)).toBe("base,tailscale");
  const script = `for name in node npm code-server gcc syncthing gh tailscaled tailscale rg; do command -v $name; done
    ls -d /usr/lib/node /usr/lib/code-server 2>/dev/null; true`;
  const found = await inImage(image, script);
  expect(found.split("\n")).toEqual(["/usr/sbin/tailscaled", "/usr/bin/tailscale", "/usr/bin/rg"]);
});
