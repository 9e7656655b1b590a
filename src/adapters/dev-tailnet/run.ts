import { createSocket } from "node:dgram";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { closeSync, openSync } from "node:fs";
import { createServer } from "node:net";
import { execa } from "execa";

/** How a program ended; `exitCode` is -1 when it was ended, or never began. */
export interface Ended {
  readonly exitCode: number;
  readonly stdout: string;
  readonly stderr: string;
}

interface Surroundings {
  readonly dir: string;
  /** The whole environment. */
  readonly env: Readonly<Record<string, string>>;
}

/** Runs a program to its end. @param timeout milliseconds after which it is ended */
export async function run(argv: readonly string[], { dir, env }: Surroundings, timeout: number): Promise<Ended> {
  const [program = "", ...args] = argv;
  const options = { cwd: dir, env, extendEnv: false, reject: false, stdin: "ignore", timeout } as const;
  const { exitCode, stdout, stderr, shortMessage } = await execa(program, args, options);
  return { exitCode: exitCode ?? -1, stdout, stderr: stderr === "" ? (shortMessage ?? "") : stderr };
}

/** Runs one of our scripts to its end, in the caller's environment; its standard error is told line by line as well. */
export async function runScript(argv: readonly string[], onLine: (line: string) => void): Promise<Ended> {
  const [program = "", ...args] = argv;
  const child = execa(program, args, { reject: false, stdin: "ignore" });
  for await (const line of child.iterable({ from: "stderr" })) onLine(line);
  const { exitCode, stdout, stderr } = await child;
  return { exitCode: exitCode ?? -1, stdout, stderr };
}

/** Runs a program with the caller's own streams. @returns its exit code, 128 and its number for a signal */
export async function runHere(argv: readonly string[], { dir, env }: Surroundings): Promise<number> {
  const [program = "", ...args] = argv;
  const { exitCode, signal } = await execa(program, args, {
    cwd: dir,
    env,
    extendEnv: false,
    reject: false,
    stdio: "inherit",
  });
  return exitCode ?? (signal === undefined ? 127 : 128);
}

/**
 * Starts a program that outlives this one, in a session of its own.
 * @param log file for what it says, begun anew
 * @returns whether it has ended, and with which code; undefined as long as it runs
 */
export async function runOn(
  argv: readonly string[],
  { dir, env }: Surroundings,
  log: string,
): Promise<() => number | undefined> {
  const [program = "", ...args] = argv;
  const file = openSync(log, "w", 0o600);
  try {
    const child = spawn(program, args, { cwd: dir, env, detached: true, stdio: ["ignore", file, file] });
    await once(child, "spawn");
    child.unref();
    return () => child.exitCode ?? (child.signalCode === null ? undefined : -1);
  } finally {
    closeSync(file);
  }
}

export interface HttpAnswer {
  readonly status: number;
  readonly text: string;
}

/** Asks headscale. @throws when nobody answers @param timeout milliseconds */
export async function ask(
  method: "GET" | "POST",
  url: string,
  { bearer, body, timeout }: { readonly bearer?: string; readonly body?: unknown; readonly timeout: number },
): Promise<HttpAnswer> {
  const response = await fetch(url, {
    method,
    redirect: "error",
    signal: AbortSignal.timeout(timeout),
    headers: bearer === undefined ? {} : { authorization: `Bearer ${bearer}` },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  return { status: response.status, text: await response.text() };
}

/** Whether a port of an address can be listened on, for TCP and for UDP. @throws when it is no address of this machine */
export async function isFree(address: string, port: number): Promise<boolean> {
  const server = createServer();
  const socket = createSocket(address.includes(":") ? "udp6" : "udp4");
  try {
    server.listen({ host: address, port, exclusive: true });
    await once(server, "listening");
    socket.bind({ address, port, exclusive: true });
    await once(socket, "listening");
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "EADDRINUSE") return false;
    throw error;
  } finally {
    server.close();
    socket.close();
  }
}
