/** A file or a directory in a box, as the user named it. */
export interface BoxPlace {
  readonly name: string;
  /** As the user typed it, for messages. */
  readonly typed: string;
  /** Absolute and below the home, with a slash at its end where the user typed one. */
  readonly path: string;
}

/** What `receive` is told about what comes. */
export interface Receive {
  readonly kind: "file" | "directory";
  /** Permission bits of a file, at most 0777; undefined for a stream. */
  readonly mode: number | undefined;
  /** The name under which it goes into a directory that exists. */
  readonly name: string | undefined;
  /** Follows the last byte: without it the box cannot tell an end from a sender that was killed. */
  readonly mark: string;
}

/** A program in a box that sends or receives, and its streams. */
export interface Transfer {
  readonly stdin: NodeJS.WritableStream;
  readonly stdout: NodeJS.ReadableStream;
  /** Resolves when it ended: with why it failed, or undefined when all went well. */
  readonly ended: Promise<Error | undefined>;
  /** To be told how many bytes have gone in. @throws {DevboxError} HOST_DISK before the host's reserve would be used */
  readonly onBytes: (bytes: number) => void;
  /** Ends it, on the host and in the box. */
  kill(): void;
}

/** The box's side of a copy: on this machine's engine, or behind an orchestrator's boundary. */
export interface BoxTransfers {
  /**
   * Starts the image's `send` for a path.
   * @throws {DevboxError} BOX_NOT_FOUND, WRONG_STATE, CONTAINER_GONE
   */
  send(place: BoxPlace): Promise<Transfer>;
  /** Starts the image's `receive`. @throws {DevboxError} as {@link send} */
  receive(place: BoxPlace, what: Receive): Promise<Transfer>;
}
