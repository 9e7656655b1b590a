import { readdirSync, readFileSync } from "node:fs";
import { TOKEN_VARIABLE } from "../../core/operation.ts";

/** A file's text, or undefined when it cannot be read: processes end while one looks at them. */
export function readText(file: string): string | undefined {
  try {
    return readFileSync(file, "utf8");
  } catch {
    return undefined;
  }
}

/**
 * Engine processes that were started under a token and still run. What the engine leaves behind for good
 * (conmon, network helpers, the pause process) inherits the environment too, and is told apart by its name.
 */
export function tokenProcesses(token: string): number[] {
  const mark = `${TOKEN_VARIABLE}=${token}`;
  return readdirSync("/proc").flatMap((entry) => {
    if (!/^\d+$/.test(entry)) return [];
    // Not always that alone: NixOS wraps it (`.podman-wrapped`), and the pause process calls itself `podman pause`.
    const name = readText(`/proc/${entry}/comm`)?.trim() ?? "";
    if (!name.includes("podman") || name.includes("pause")) return [];
    const environment = readText(`/proc/${entry}/environ`)?.split("\0") ?? [];
    return environment.includes(mark) ? [Number(entry)] : [];
  });
}
