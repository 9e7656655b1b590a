import type { Socket } from "node:net";
import { pipeline } from "node:stream";
import { finished } from "node:stream/promises";
import type { BoxPipe } from "../../ports/engine.ts";
import { asksForForeignHost } from "./peers.ts";
import { untilEnd } from "./until-end.ts";

interface CarryOptions {
  readonly isHeld: () => boolean;
  readonly guarded: boolean;
}

const REFUSAL =
  "HTTP/1.1 421 Misdirected Request\r\nConnection: close\r\nContent-Type: text/plain\r\n\r\n" +
  "devbox-ctl: this address answers as 127.0.0.1 or localhost alone.\n";

/** What the other end says first; undefined when it says nothing and ends. */
function firstChunk(socket: Socket): Promise<Buffer | undefined> {
  return new Promise((resolve) => {
    const done = () => {
      socket.off("data", said).off("end", done).off("close", done);
      resolve(undefined);
    };
    const said = (chunk: Buffer) => {
      socket.pause();
      socket.off("data", said).off("end", done).off("close", done);
      resolve(chunk);
    };
    socket.on("data", said).on("end", done).on("close", done);
    socket.resume();
  });
}

/** Milliseconds between looks at whether a connection that has said everything is still listened to. */
const LOOK = 10_000;

/**
 * Joins a connection with the streams of `connect`. Each direction ends by itself, so that who has said everything can
 * still listen. When the program has ended, what it said is delivered and the connection closed; when the connection
 * breaks, the program is ended.
 * @param options.isHeld whether a program still holds the other end: one that is gone looks at first like one that only listens
 */
export async function carry(
  socket: Socket,
  pipe: BoxPipe,
  { isHeld, guarded }: CarryOptions,
): Promise<"program" | "connection"> {
  const state = { isBroken: false };
  const broken = () => {
    // With both directions at their end it was not broken, and the program is about to end as well.
    if (socket.readableEnded && socket.writableFinished) return;
    state.isBroken = true;
    pipe.kill();
  };
  // A program that takes no more input closes its end while we write; that it ends is told by `ended`.
  pipe.stdin.on("error", () => undefined);
  socket.once("close", broken);
  let looking: NodeJS.Timeout | undefined;
  socket.once("end", () => {
    looking = setInterval(() => {
      if (!isHeld()) socket.destroy();
    }, LOOK);
  });
  if (socket.destroyed) broken();
  const first = guarded ? await firstChunk(socket) : undefined;
  if (first !== undefined && asksForForeignHost(first.toString("latin1"))) {
    state.isBroken = true;
    socket.end(REFUSAL);
    pipe.kill();
  } else {
    if (first !== undefined) pipe.stdin.write(first);
    socket.pipe(pipe.stdin);
  }
  const said = pipeline(pipe.stdout, untilEnd(pipe.stderr), () => undefined);
  said.pipe(socket);
  await Promise.allSettled([pipe.ended, finished(said, { writable: false })]);
  clearInterval(looking);
  socket.removeListener("close", broken);
  // Nobody is left to take what still comes; what was said goes out first.
  socket.unpipe(pipe.stdin);
  socket.resume();
  await closed(socket);
  return state.isBroken ? "connection" : "program";
}

/** Milliseconds that the other end has to take the last bytes, before the connection is cut. */
const LINGER = 5000;

function closed(socket: Socket): Promise<void> {
  return new Promise((resolve) => {
    if (socket.destroyed) {
      resolve();
      return;
    }
    const cut = setTimeout(() => socket.destroy(), LINGER);
    socket.once("close", () => {
      clearTimeout(cut);
      resolve();
    });
    socket.destroySoon();
  });
}
