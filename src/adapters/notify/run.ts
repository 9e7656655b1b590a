import { spawn } from "node:child_process";
import { connect, isIP } from "node:net";
import { type NoAnswer, reasonOf } from "../../core/no-answer.ts";
import type { Millis } from "../../core/time.ts";

/** Most bytes of an answer that are read: enough to say why. */
const MOST = 4096;

export interface HttpRequest {
  readonly method: "POST" | "PUT";
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  /** Milliseconds after which it is given up, the answer's body included. */
  readonly timeout: number;
  readonly signal: AbortSignal;
}

export interface HttpAnswer {
  readonly status: number;
  /** The first few kilobytes. */
  readonly text: string;
}

/** Asks once. Whatever goes wrong on the way is told, not thrown. No redirect is followed. */
export async function send({
  method,
  url,
  headers,
  body,
  timeout,
  signal,
}: HttpRequest): Promise<HttpAnswer | NoAnswer> {
  const limit = AbortSignal.timeout(timeout);
  try {
    const response = await fetch(url, {
      ...{ method, body, redirect: "manual" },
      headers: { "user-agent": "devbox-ctl", "content-type": "application/json", ...headers },
      signal: AbortSignal.any([limit, signal]),
    });
    return { status: response.status, text: await beginningOf(response) };
  } catch (error) {
    if (limit.aborted) return { code: "TIMEOUT", words: `no answer within ${timeout / 1000} s` };
    return reasonOf(error);
  }
}

async function beginningOf(response: Response): Promise<string> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  // Leaving the loop closes the connection, so what is too large is not read on.
  for await (const chunk of (response.body ?? []) as AsyncIterable<Uint8Array>) {
    chunks.push(chunk);
    size += chunk.length;
    if (size >= MOST) break;
  }
  return Buffer.concat(chunks).toString("utf8", 0, MOST);
}

export interface MailServer {
  readonly host: string;
  readonly port: number;
  readonly security: "tls" | "starttls" | "none";
  readonly login: { readonly user: string; readonly password: string } | undefined;
  /** Milliseconds, for all of it. */
  readonly timeout: number;
  readonly signal: AbortSignal;
}

export interface Mail {
  readonly from: string;
  readonly fromName: string;
  readonly to: string;
  readonly subject: string;
  readonly body: string;
  readonly messageId: string;
  readonly at: Millis;
}

/** Hands a mail to a server, which has said that it takes it. @throws what went wrong, in the server's words */
export async function sendMail(server: MailServer, mail: Mail): Promise<void> {
  const { createTransport } = await import("nodemailer");
  const { host, port, security, login, timeout, signal } = server;
  // A connection of our own, because it can be ended: a server that says a byte now and then would be waited for.
  const socket = connect({ host, port });
  const limit = AbortSignal.any([AbortSignal.timeout(timeout), signal]);
  const late = Promise.withResolvers<never>();
  const giveUp = (): void => {
    const words = signal.aborted ? "it was interrupted" : `it was not done within ${timeout / 1000} s`;
    late.reject(Object.assign(new Error(words), { code: "ETIMEDOUT" }));
    socket.destroy();
  };
  limit.addEventListener("abort", giveUp);
  socket.on("error", (error) => {
    late.reject(error);
  });
  try {
    const transport = createTransport({
      ...{
        host,
        port,
        secure: security === "tls",
        requireTLS: security === "starttls",
        ignoreTLS: security === "none",
      },
      // Certificates are looked at as everywhere.
      tls: { rejectUnauthorized: true, minVersion: "TLSv1.2", ...(isIP(host) === 0 ? { servername: host } : {}) },
      ...(login === undefined ? {} : { auth: { user: login.user, pass: login.password } }),
      getSocket: (_options: unknown, callback: (error: null, found: { connection: typeof socket }) => void) => {
        callback(null, { connection: socket });
      },
      ...{ disableFileAccess: true, disableUrlAccess: true },
    } as Parameters<typeof createTransport>[0]);
    await Promise.race([transport.sendMail(envelopeOf(mail)), late.promise]);
  } finally {
    limit.removeEventListener("abort", giveUp);
    socket.destroy();
  }
}

/** Addresses as objects: as texts they would be read as lists. */
function envelopeOf({ from, fromName, to, subject, body, messageId, at }: Mail) {
  return {
    ...{ from: { name: fromName, address: from }, to: { name: "", address: to }, envelope: { from, to: [to] } },
    ...{ subject, text: body, messageId, date: new Date(at) },
    // RFC 3834: no machine is to answer it.
    headers: { "Auto-Submitted": "auto-generated" },
  };
}

export interface CommandRun {
  readonly argv: readonly string[];
  readonly input: string;
  /** Milliseconds. */
  readonly timeout: number;
  readonly signal: AbortSignal;
}

/** What a command is given of the surroundings: none of ours, which may hold secrets. */
const ENVIRONMENT = { PATH: "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", LANG: "C.UTF-8" };

/**
 * Runs a program without a shell. What it leaves running when its time is over ends with it; what it put into the
 * background before it ended well is its own business, and not waited for.
 * @returns how it ended otherwise than well, as a clause
 */
export function runCommand({ argv, input, timeout, signal }: CommandRun): Promise<{ ended?: string; stderr: string }> {
  const [program = "", ...words] = argv;
  const limit = AbortSignal.any([AbortSignal.timeout(timeout), signal]);
  return new Promise((resolve) => {
    // A group of its own, so that all of it can be ended.
    const child = spawn(program, words, {
      stdio: ["pipe", "ignore", "pipe"],
      env: ENVIRONMENT,
      cwd: "/",
      detached: true,
    });
    let stderr = "";
    const over = (ended?: string): void => {
      limit.removeEventListener("abort", giveUp);
      child.stderr.destroy();
      resolve({ ...(ended === undefined ? {} : { ended }), stderr });
    };
    const giveUp = (): void => {
      if (child.pid !== undefined) process.kill(-child.pid, "SIGKILL");
      over(signal.aborted ? "was interrupted" : `was not done within ${timeout / 1000} s`);
    };
    limit.addEventListener("abort", giveUp);
    child.on("error", (error) => {
      over(`cannot be run: ${error.message}`);
    });
    child.on("exit", (code, by) => {
      if (code === 0) over();
      // What it said last may still be on its way.
      else setImmediate(over, code === null ? `was ended by ${by ?? "a signal"}` : `ended with ${String(code)}`);
    });
    child.stderr.setEncoding("utf8").on("data", (text: string) => {
      stderr = (stderr + text).slice(-MOST);
    });
    // It need not read what it is given.
    child.stdin.on("error", () => undefined);
    child.stdin.end(input);
  });
}
