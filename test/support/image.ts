import { mkdir, rm } from "node:fs/promises";
import { homedir } from "node:os";
import path from "node:path";
import process from "node:process";
import { execa } from "execa";
import { IMAGE as manifest, importChanges, PARTS_LABEL } from "../../src/core/image-contract.ts";
import { benchEnv } from "./podman.ts";
import { runClean, type RootlessUser } from "./rootless.ts";

/** The image builder of the working tree. */
export const BUILDER = path.resolve(import.meta.dirname, "../../containers/box/debian");

/** What the builder prints when its arguments are right. */
async function builderSays(program: string, ...args: string[]): Promise<string> {
  const { stdout } = await execa(path.join(BUILDER, program), args);
  return stdout;
}

/**
 * The tag of the minimal box image (a shell and its tools, no services) as the working tree has it, in the Podman of
 * this user or of a rootless one. Built when there is none: half a minute cold, seconds when only the overlay changed.
 */
export const testImage = (user?: RootlessUser): Promise<string> => imageWith(["--minimal"], user);

/**
 * The tag of the box image with everything but Zed: minutes cold, half a minute when only the overlay changed. Compilers
 * and a Go are installed when it has to be built.
 */
export const fullImage = (user?: RootlessUser): Promise<string> => imageWith([], user);

/** The tag of the box image with Tailscale and nothing else on top of the minimal one: seconds when its part is there. */
export const tailnetImage = (user?: RootlessUser): Promise<string> =>
  imageWith(
    ["code-server", "runtimes", "tools", "syncthing"].flatMap((part) => ["--without", part]),
    user,
  );

const HOST_PREPARE = path.resolve(import.meta.dirname, "../../scripts/host-prepare.sh");

/**
 * Builds an image when it is not there. The parts stay in the cache, the image in Podman. Several test runs may ask
 * at once: a lock lets one build and the others find the parts.
 * @param args which parts, as `build` takes it
 */
export async function imageWith(args: readonly string[], user?: RootlessUser): Promise<string> {
  const key = await builderSays("content-key", ...args);
  const tag = `localhost/devbox-test:${key.slice(0, 12)}`;
  const exists = ["podman", "image", "exists", tag];
  const existing = user === undefined ? await runClean(exists, benchEnv()) : await user.run(exists);
  if (existing.exitCode === 0) return tag;

  const cache = path.join(process.env.XDG_CACHE_HOME ?? path.join(homedir(), ".cache"), "devbox-ctl/images");
  await mkdir(cache, { recursive: true });
  const output = path.join(cache, `test-${key.slice(0, 12)}-${process.pid}.tar`);
  const build = [path.join(BUILDER, "build"), "--cache", cache, "--output", output, ...args];
  if (!args.includes("--minimal")) await execa("sh", [HOST_PREPARE, "--image-tools"]);
  try {
    const { stdout } = await execa("flock", [path.join(cache, "test.lock"), ...build]);
    const parts = stdout.split("\n").map((line) => line.replace(/ .*/, ""));
    const changes = importChanges({ [PARTS_LABEL]: parts.join(",") }).flatMap((change) => ["--change", change]);
    const argv = [...(user?.as ?? []), "podman", "import", "--quiet", ...changes, "-", tag];
    // On standard input, as a rootless user may not be able to read the cache.
    await execa("env", ["--", ...argv], {
      inputFile: output,
      extendEnv: false,
      env: user?.env ?? benchEnv(),
      cwd: "/",
    });
  } finally {
    await rm(output, { force: true });
  }
  return tag;
}

/** The options of `podman create` that the image contract asks for: capabilities, tmpfs and volumes. */
export const contractOptions = (volumes: { readonly home?: string; readonly private?: string } = {}): string[] => [
  "--cap-drop=all",
  `--cap-add=${manifest.capabilities.join(",")}`,
  "--security-opt=no-new-privileges",
  ...Object.entries(manifest.tmpfs).map(([target, options]) => `--tmpfs=${target}:${options.join(",")}`),
  ...(volumes.home === undefined ? [] : [`--volume=${volumes.home}:${manifest.volumes.home}`]),
  ...(volumes.private === undefined ? [] : [`--volume=${volumes.private}:${manifest.volumes.private}`]),
];
