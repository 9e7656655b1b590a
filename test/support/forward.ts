import { execa } from "execa";
import type { TestCli } from "./cli.ts";

/** A forward that runs. */
export interface Forwarding {
  readonly pid: number;
  /** Local ports in the order of the command. */
  readonly ports: readonly number[];
  /** What it said besides its result. */
  readonly stderr: () => string;
  readonly signal: (name: "SIGINT" | "SIGKILL") => void;
  /** Resolves when it has ended; with undefined when a signal ended it. */
  readonly exitCode: Promise<number | undefined>;
}

/** Starts `port-forward` or `open` and waits until it listens. @throws with its own words when it ends before that */
export async function startForwarding(cli: TestCli, args: readonly string[]): Promise<Forwarding> {
  const child = execa(cli.argv[0] ?? "", [...cli.argv.slice(1), ...args], {
    env: cli.env,
    extendEnv: false,
    reject: false,
    buffer: { stdout: false },
  });
  let stderr = "";
  child.stderr.on("data", (chunk: Buffer) => (stderr += chunk.toString()));
  const exitCode = child.then((result) => result.exitCode);
  const ports: number[] = [];
  const listening = (async () => {
    for await (const chunk of child.stdout) {
      for (const [, port] of String(chunk).matchAll(/http:\/\/127\.0\.0\.1:(\d+) → /g)) ports.push(Number(port));
      if (ports.length > 0) return;
    }
    throw new Error(`devbox-ctl ${args.join(" ")}: exit ${String(await exitCode)}\n${stderr}`);
  })();
  await listening;
  const { pid = 0 } = child;
  return { pid, ports, stderr: () => stderr, signal: (name) => void process.kill(pid, name), exitCode };
}
