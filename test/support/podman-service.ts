import { spawn } from "node:child_process";
import { access, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { benchEnv } from "./podman.ts";
import { waitFor } from "./wait.ts";

/** Podman's service on a socket of its own. */
export interface PodmanService extends AsyncDisposable {
  readonly socket: string;
  /** Lets it do nothing for a while; what it is asked for meanwhile waits for it. */
  pause(): void;
  resume(): void;
}

/** Starts it, as this user; on the storage that Podman has here anyway. */
export async function podmanService(): Promise<PodmanService> {
  const folder = await mkdtemp(path.join(tmpdir(), "dbxtest-podman-"));
  const socket = path.join(folder, "podman.sock");
  const args = ["system", "service", "--time", "0", `unix://${socket}`];
  const service = spawn("podman", args, { env: benchEnv(), stdio: "ignore" });
  const ended = new Promise((resolve) => service.on("exit", resolve));
  await waitFor(() => access(socket));
  return {
    socket,
    pause: () => service.kill("SIGSTOP"),
    resume: () => service.kill("SIGCONT"),
    async [Symbol.asyncDispose]() {
      service.kill("SIGCONT");
      service.kill("SIGTERM");
      await ended;
      await rm(folder, { recursive: true, force: true });
    },
  };
}
