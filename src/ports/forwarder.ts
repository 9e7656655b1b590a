import type { BoxPipe } from "./engine.ts";

/** A connection that somebody on this machine made to a port that is listened on. Nothing of it is read yet. */
export interface Incoming {
  /**
   * The user id that holds its other end, as the kernel tells it at the moment of connecting. Undefined when that
   * cannot be told, also because the other end was closed at once.
   */
  readonly uid: number | undefined;
  /**
   * Joins it with the streams of a program in a box, both ways, each at the pace of whoever takes the bytes. The end
   * of one direction is handed on and leaves the other open. Resolves when both are over, with who ended it: the
   * program in the box, or the connection by breaking; never rejects.
   * @param guarded refuse what asks over HTTP for another host than this machine's loopback: a page of the user's own
   * browser that was given this address under its own name (DNS rebinding)
   */
  carry(pipe: BoxPipe, guarded: boolean): Promise<"program" | "connection">;
  /** Ends it at once, in both directions; a `carry` that is under way ends with it, and with it the program. */
  drop(): void;
}

export interface Listener {
  /** The port that it got, which for 0 is the kernel's choice. */
  readonly port: number;
  /** Takes no more connections; those that are there stay. */
  close(): void;
}

/** The loopback of this machine, and the browser on it. */
export interface Forwarder {
  /**
   * Listens on 127.0.0.1 and nowhere else. @param port 0: any that is free
   * @throws {DevboxError} PORT_TAKEN, or NOT_PERMITTED for a port that this user may not take
   */
  listen(port: number, onConnection: (connection: Incoming) => void): Promise<Listener>;
  /** Whether there is a desktop here that a browser could be shown on. */
  hasDesktop(): boolean;
  /** Has the desktop show a page. @returns false when nothing here can. */
  showPage(url: string): Promise<boolean>;
}
