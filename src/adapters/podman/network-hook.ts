import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { PodmanCommand } from "./run.ts";

/** What is to be closed to every box, and by which program. */
export interface NetworkHook {
  /** Directory for the hook's definition; nobody else may write there. */
  readonly dir: string;
  /** The program, an absolute path. */
  readonly program: string;
  /** Networks in CIDR form. */
  readonly blocked: readonly string[];
}

/** Annotation of the containers that the hook is for. */
export const CLOSED = { key: "devbox-ctl.network", value: "closed" } as const;

/** Where Podman looks by itself; naming a directory replaces these. */
const USUAL = ["/usr/share/containers/oci/hooks.d", "/etc/containers/oci/hooks.d"];

/**
 * Podman's options by which each start of a box runs our hook; the definition is written when it is new.
 * Podman makes a container's runtime configuration anew at every start, so what is blocked is what is configured then.
 */
export function hookArguments(hook: NetworkHook, { socket }: PodmanCommand): string[] {
  const file = join(hook.dir, "devbox-ctl-network.json");
  const text = `${JSON.stringify(definition(hook), null, 2)}\n`;
  if (readIfThere(file) !== text) {
    mkdirSync(hook.dir, { recursive: true, mode: 0o700 });
    const unfinished = `${file}.${String(process.pid)}`;
    writeFileSync(unfinished, text, { mode: 0o600 });
    renameSync(unfinished, file);
  }
  // Podman's service looks where its own containers.conf says (host setup names this directory there).
  if (socket !== undefined) return [];
  return [...USUAL.filter((dir) => existsSync(dir)), hook.dir].flatMap((dir) => ["--hooks-dir", dir]);
}

/** In the form of oci-hooks(5). */
function definition({ program, blocked }: NetworkHook) {
  const escaped = CLOSED.key.replaceAll(".", "\\.");
  return {
    version: "1.0.0",
    hook: {
      path: program,
      args: [program, ...blocked],
      env: [`PATH=${process.env.PATH ?? ""}:/usr/sbin:/sbin:/usr/bin:/bin`],
    },
    when: { annotations: { [`^${escaped}$`]: `^${CLOSED.value}$` } },
    stages: ["createRuntime"],
  };
}

function readIfThere(file: string): string | undefined {
  try {
    return readFileSync(file, "utf8");
  } catch {
    return undefined;
  }
}
