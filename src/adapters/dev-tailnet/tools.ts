import { accessSync, constants } from "node:fs";
import { delimiter, isAbsolute, join } from "node:path";
import { DevboxError } from "../../core/errors.ts";
import { printableLines } from "../../core/text.ts";
import type { TailnetTools } from "../../ports/dev-tailnet.ts";
import { runScript } from "./run.ts";

/** Where an installed tailscaled lies, which is not on everybody's PATH. */
const SYSTEM_DIRS = ["/usr/local/sbin", "/usr/sbin", "/sbin"];
/** Lines of the script's own words that an error repeats. */
const WORDS = 15;

/**
 * The three programs: those on the PATH, else those that the script made before, else it makes them now.
 * @param script containers/headscale/build
 * @throws {DevboxError} TAILNET_NOT_SET_UP
 */
export async function findTools(script: string, onLine: (line: string) => void): Promise<TailnetTools> {
  const [headscale, tailscaled, tailscale] = ["headscale", "tailscaled", "tailscale"].map((name) => onPath(name));
  if (headscale !== undefined && tailscaled !== undefined && tailscale !== undefined) {
    return { headscale, tailscaled, tailscale };
  }
  const dir = await made(script, onLine);
  return {
    headscale: headscale ?? join(dir, "headscale"),
    tailscaled: tailscaled ?? join(dir, "tailscaled"),
    tailscale: tailscale ?? join(dir, "tailscale"),
  };
}

function onPath(name: string): string | undefined {
  const dirs = (process.env.PATH ?? "").split(delimiter).filter((dir) => isAbsolute(dir));
  return [...dirs, ...SYSTEM_DIRS].map((dir) => join(dir, name)).find((file) => isExecutable(file));
}

function isExecutable(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

async function made(script: string, onLine: (line: string) => void): Promise<string> {
  const { exitCode, stdout, stderr } = await runScript([script], onLine);
  if (exitCode === 0) return stdout.trim();
  throw new DevboxError("TAILNET_NOT_SET_UP", "headscale is not here, and could not be built.", {
    why: printableLines(stderr.trimEnd().split("\n").slice(-WORDS).join("\n")),
    next: [
      "Install a Go, any version: sh scripts/host-prepare.sh --tailnet-tools",
      "Or put headscale, tailscaled and tailscale on the PATH",
      "Then run it again (what was made is kept)",
    ],
  });
}
