import path from "node:path";
import { execa } from "execa";
import { benchEnv, podman } from "./podman.ts";

const BUILDER = path.join(import.meta.dirname, "test-host/build");

/**
 * The image of a test host in root's Podman, by its tag: half a minute when it was never built, seconds when Podman
 * has lost it.
 */
export async function hostImage(): Promise<string> {
  const { stdout } = await execa(BUILDER, { stdin: "ignore", extendEnv: false, env: benchEnv() });
  const [key = "", tar = ""] = stdout.trim().split(" ");
  const tag = `localhost/devbox-test-host:${key}`;
  if ((await podman(["image", "exists", tag])).exitCode === 0) return tag;
  await execa("podman", ["import", "--quiet", tar, tag], { stdin: "ignore", extendEnv: false, env: benchEnv() });
  return tag;
}
