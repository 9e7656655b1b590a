import { spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import { createServer, type Server, type Socket } from "node:net";
import { DevboxError } from "../../core/errors.ts";
import type { Incoming, Listener } from "../../ports/forwarder.ts";
import { carry } from "./carry.ts";
import { PEER_TABLES, peerUid } from "./peers.ts";

/** The only address that is listened on: whoever is to come from elsewhere comes over the tailnet or by SSH. */
const ADDRESS = "127.0.0.1";

/** @throws {DevboxError} as the port says */
export async function listen(port: number, onConnection: (connection: Incoming) => void): Promise<Listener> {
  const server = createServer({ allowHalfOpen: true, pauseOnConnect: true, noDelay: true }, (socket) => {
    // A connection that breaks closes as well, which is what is acted on.
    socket.on("error", () => undefined);
    onConnection(incoming(socket));
  });
  const got = await opened(server, port);
  return { port: got, close: () => server.close() };
}

function opened(server: Server, port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once("error", (error: NodeJS.ErrnoException) => {
      reject(unopened(error, port));
    });
    server.listen({ host: ADDRESS, port, exclusive: true }, () => {
      const address = server.address();
      resolve(typeof address === "object" && address !== null ? address.port : port);
    });
  });
}

function unopened(error: NodeJS.ErrnoException, port: number): Error {
  if (error.code === "EADDRINUSE") {
    return new DevboxError("PORT_TAKEN", `port ${port} of this machine is taken.`, { why: error.message });
  }
  if (error.code === "EACCES" || error.code === "EPERM") {
    return new DevboxError("NOT_PERMITTED", `you may not listen on port ${port} of this machine.`, {
      why: error.message,
    });
  }
  return error;
}

function incoming(socket: Socket): Incoming {
  return {
    uid: uidOf(socket),
    carry: (pipe, guarded) => carry(socket, pipe, { isHeld: () => uidOf(socket) !== undefined, guarded }),
    drop: () => {
      socket.resetAndDestroy();
    },
  };
}

/** Asked before anything else is done, because the answer is gone when the other end is. */
function uidOf({ remoteAddress, remotePort, localAddress, localPort }: Socket): number | undefined {
  // Only rows of 127.0.0.1 are looked for: from another address of the loopback, the row of somebody else's
  // connection with the same port would be taken for this one's.
  if (remoteAddress !== ADDRESS || localAddress !== ADDRESS) return undefined;
  if (remotePort === undefined || localPort === undefined) return undefined;
  for (const file of PEER_TABLES) {
    const uid = peerUid(tableIn(file), remotePort, localPort);
    if (uid !== undefined) return uid;
  }
  return undefined;
}

/** The kernel's table now; empty where there is none (no IPv6, no Linux), so that nobody is taken for a user. */
function tableIn(file: string): string {
  try {
    return readFileSync(file, "latin1");
  } catch {
    return "";
  }
}

/** Milliseconds after which an opener that still runs has become the browser. */
const OPENED_AFTER = 3000;

/** Starts the desktop's own opener, and does not wait for a browser that runs for days. */
export function showPage(opener: string, url: string): Promise<boolean> {
  const child = spawn(opener, [url], { stdio: "ignore", detached: true });
  child.unref();
  return new Promise((resolve) => {
    child.once("error", () => {
      resolve(false);
    });
    child.once("exit", (exitCode) => {
      resolve(exitCode === 0);
    });
    setTimeout(resolve, OPENED_AFTER, true).unref();
  });
}
