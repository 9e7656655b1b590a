import { chmod, cp, lstat, mkdir, mkdtemp, readFile, readlink, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import process from "node:process";
import { execa } from "execa";
import { beforeEach, describe, expect, it } from "vitest";
import { IMAGE as manifest } from "../../src/core/image-contract.ts";

const root = path.resolve(import.meta.dirname, "../..");
const script = path.join(root, "nix/packages/box-image/root.sh");

describe("the root file system of the Nix image (root.sh)", () => {
  let scratch: string;
  let image: string;

  beforeEach(async (ctx) => {
    ctx.skip(process.getuid?.() !== 0, "owners are set by root, or by fakeroot in a Nix build");
    scratch = await mkdtemp(path.join(tmpdir(), "dbxtest-root-"));
    image = path.join(scratch, "image");
    await mkdir(path.join(image, "usr/bin"), { recursive: true });
    return () => rm(scratch, { recursive: true, force: true });
  });

  /** A copy as the Nix store keeps it: nobody may write, the x bit stays. */
  async function stored(source: string): Promise<string> {
    const copy = path.join(scratch, path.basename(path.dirname(source)));
    await cp(source, copy, { recursive: true });
    await execa("chmod", ["-R", "a-w", copy]);
    return copy;
  }
  const lay = (...args: readonly string[]) => execa("sh", [script, ...args], { cwd: image, reject: false });
  const layAll = async (...links: readonly string[]): Promise<void> => {
    const { user, volumes } = manifest;
    const trees = [path.join(root, "nix/packages/box-image/rootfs"), path.join(root, "containers/box/rootfs")];
    const copies = await Promise.all(trees.map(stored));
    const owner = `${String(user.uid)}:${String(user.gid)}`;
    const { exitCode, stderr } = await lay(owner, volumes.home, volumes.private, ...copies, "--", ...links);
    expect(stderr).toBe("");
    expect(exitCode).toBe(0);
  };
  const state = async (file: string): Promise<string> => {
    const { mode, uid } = await lstat(path.join(image, file));
    return `${(mode & 0o7777).toString(8)} ${String(uid)}`;
  };

  it("has the directories of the contract with their owners and modes [FR-006]", async () => {
    await layAll();
    expect(await state(manifest.volumes.home)).toBe("755 1000");
    expect(await state(manifest.volumes.private)).toBe("700 0");
    expect(await state("root")).toBe("700 0");
    expect(await state("tmp")).toBe("1777 0");
    expect(await state("var/tmp")).toBe("1777 0");
    for (const place of ["usr", "etc", "usr/libexec/devbox", "etc/skel", "."]) expect(await state(place)).toBe("755 0");
    for (const place of ["etc/hostname", "etc/resolv.conf", "etc/machine-id"]) expect(await state(place)).toBe("644 0");
  });

  it("has the overlay with the modes that a store does not keep", async () => {
    await layAll();
    for (const program of ["init", "ready", "session"]) {
      expect(await state(`usr/libexec/devbox/${program}`)).toBe("755 0");
    }
    expect(await state("etc/skel/.bashrc")).toBe("644 0");
    expect(await state("etc/skel/.profile")).toBe("644 0");
    const source = await readFile(path.join(root, "containers/box/rootfs/usr/libexec/devbox/init"), "utf8");
    expect(await readFile(path.join(image, "usr/libexec/devbox/init"), "utf8")).toBe(source);
    const { stdout } = await execa("find", [
      image,
      "-perm",
      "/6000",
      "-o",
      "-perm",
      "-002",
      "!",
      "-type",
      "l",
      "-print",
    ]);
    expect(stdout.split("\n").toSorted()).toEqual([path.join(image, "tmp"), path.join(image, "var/tmp")]);
  });

  it("finds programs at the paths that scripts use, and makes the links that it is told", async () => {
    await writeFile(path.join(image, "usr/bin/sh"), "");
    await layAll("/etc/ssl/certs/a.crt=/nix/store/x/a.crt", "/lib64/ld.so=/nix/store/x/ld.so");
    for (const place of ["bin/sh", "sbin/sh", "usr/sbin/sh"]) {
      expect(await readFile(path.join(image, place), "utf8")).toBe("");
    }
    expect(await readlink(path.join(image, "etc/ssl/certs/a.crt"))).toBe("/nix/store/x/a.crt");
    expect(await readlink(path.join(image, "usr/lib64/ld.so"))).toBe("/nix/store/x/ld.so");
  });

  it.each([
    ["without arguments", []],
    ["without a tree", ["0:0", "/home/dev", "/private"]],
    ["without the mark before links", ["0:0", "/home/dev", "/private", "EMPTY"]],
  ])("refuses to run %s", async (_, args) => {
    const empty = path.join(scratch, "empty");
    await mkdir(empty);
    await chmod(empty, 0o755);
    const { exitCode, stderr } = await lay(...args.map((arg) => (arg === "EMPTY" ? empty : arg)));
    expect(stderr).toContain("usage: root.sh");
    expect(exitCode).toBe(2);
  });
});
