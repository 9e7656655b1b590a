import { createConnection } from "node:net";

/** The socket on which systemd's journal takes lines; systemd's own `systemd-cat` uses it. */
const SOCKET = "/run/systemd/journal/stdout";

/** Milliseconds for which a journal that does not take anything is waited for. */
const PATIENCE = 1000;

/**
 * Hands lines to the system's journal, over a connection of their own: one that is kept would end with the journal's
 * next restart. The journal notes by itself which process and user they came from.
 * @returns when they are handed over, or cannot be; it never fails
 */
export function send(text: string, socket = SOCKET): Promise<void> {
  return new Promise((resolve) => {
    const connection = createConnection(socket);
    const done = (): void => {
      connection.destroy();
      resolve();
    };
    connection.setTimeout(PATIENCE, done);
    connection.on("error", done);
    connection.on("close", done);
    connection.end(text, done);
  });
}
