import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import process from "node:process";
import { execa } from "execa";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { IMAGE as manifest, importChanges } from "../../src/core/image-contract.ts";
import { testName } from "../support/ids.ts";
import { contractOptions, testImage } from "../support/image.ts";
import { evaluateNix, nixInstantiate } from "../support/nix.ts";
import { benchEnv, podmanOk } from "../support/podman.ts";

const root = path.resolve(import.meta.dirname, "../..");

/**
 * What root.sh lays out, with Debian's programs in the place of those that nixpkgs would bring: without a binary cache
 * this is as near as one comes to the built image.
 */
describe("a box with the root file system of the Nix image", () => {
  const box = testName("nix-boot");
  const image = `localhost/${testName("nix-root")}`;
  let reason = "";
  let scratch: string;

  /** /usr as buildEnv makes it: programs in one directory, which is what /bin and /sbin point to. */
  async function environment(directory: string): Promise<void> {
    const source = testName("nix-source");
    await podmanOk(["create", `--name=${source}`, await testImage()]);
    const unpack = 'podman export "$0" | tar -x -C "$1" usr';
    await execa("sh", ["-c", unpack, source, directory], { extendEnv: false, env: benchEnv() });
    await podmanOk(["rm", source]);
    for (const ours of ["libexec/devbox", "share/devbox"]) {
      await rm(path.join(directory, "usr", ours), { recursive: true, force: true });
    }
    await execa("cp", ["-an", path.join(directory, "usr/sbin/."), path.join(directory, "usr/bin")]);
    await rm(path.join(directory, "usr/sbin"), { recursive: true });
  }

  async function accounts(argv: readonly string[], directory: string): Promise<void> {
    const check = path.join(root, "nix/checks/box-image.nix");
    const files = await evaluateNix(argv, `(import ${check} { withZed = false; }).accounts`);
    for (const file of files as { path: string; text: string }[]) {
      await mkdir(path.dirname(path.join(directory, file.path)), { recursive: true });
      await writeFile(path.join(directory, file.path), file.text);
    }
  }

  beforeAll(async () => {
    const nix = await nixInstantiate();
    if ("missing" in nix) reason = nix.missing;
    else if (process.getuid?.() !== 0) reason = "owners are set by root, or by fakeroot in a Nix build";
    if (reason !== "" || "missing" in nix) return;
    scratch = await mkdtemp(path.join(tmpdir(), "dbxtest-boot-"));
    const [laid, etc] = [path.join(scratch, "root"), path.join(scratch, "etc")];
    await mkdir(laid);
    await environment(laid);
    await accounts(nix.argv, etc);
    const { user, volumes } = manifest;
    const owner = `${String(user.uid)}:${String(user.gid)}`;
    const trees = [path.join(root, "nix/packages/box-image/rootfs"), path.join(root, "containers/box/rootfs"), etc];
    const script = path.join(root, "nix/packages/box-image/root.sh");
    await execa("sh", [script, owner, volumes.home, volumes.private, ...trees, "--"], { cwd: laid });
    const changes = importChanges().flatMap((change) => ["--change", change]);
    const pack = 'dir=$1; shift; tar -c -C "$dir" . | podman import --quiet "$@" -';
    await execa("sh", ["-c", `${pack} ${image}`, "sh", laid, ...changes], { extendEnv: false, env: benchEnv() });
    await podmanOk(["run", "--detach", `--name=${box}`, ...contractOptions(), image]);
  });
  afterAll(async () => {
    if (reason === "") await rm(scratch, { recursive: true, force: true });
  });
  beforeEach((ctx) => ctx.skip(reason !== "", reason));

  const program = (name: string) => `/usr/libexec/devbox/${name}`;

  it("becomes ready, and gives dev a login shell in the workspace [FR-006]", async () => {
    const shell = ["exec", "--user=dev", box, program("session"), "--", "bash", "-lc", "id -un; pwd; echo $PATH"];
    expect(await podmanOk(["exec", box, program("ready"), "--wait", "30"])).toBe("");
    expect((await podmanOk(shell)).trim().split("\n")).toEqual([
      "dev",
      "/home/dev/workspace",
      "/home/dev/.local/bin:/usr/local/bin:/usr/bin:/bin:/usr/local/sbin:/usr/sbin:/sbin",
    ]);
    const skeleton = await podmanOk(["exec", "--user=dev", box, "find", "/home/dev", "-type", "f", "-user", "dev"]);
    expect(skeleton.trim().split("\n").toSorted()).toEqual(["/home/dev/.bashrc", "/home/dev/.profile"]);
  });

  it("ends in time when it is stopped", async () => {
    await podmanOk(["stop", box]);
    expect((await podmanOk(["inspect", "--format={{.State.ExitCode}}", box])).trim()).toBe("0");
  });
});
