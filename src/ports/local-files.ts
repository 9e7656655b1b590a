/** What can be copied; everything else (devices, pipes, sockets) is refused on either side. */
export type CopyKind = "file" | "directory";

/** What is about to be written, as the other side announced it. */
export interface Incoming {
  readonly kind: CopyKind;
  /** Permission bits, at most 0777. */
  readonly mode: number;
  /**
   * One component: the name under which it goes into a directory that exists.
   * Undefined when the contents go straight into the target, as with `cp -r src/. dst`.
   */
  readonly name: string | undefined;
}

export interface PourOptions {
  /** Written after a file's last byte, and only when all of it could be read. A directory's archive has its own end. */
  readonly mark: string;
  readonly signal: AbortSignal;
  /** Told the bytes so far. */
  readonly onBytes: (bytes: number) => void;
}

/** What went over in all. */
export interface Poured {
  /** A file's own bytes; for a directory those of its archive. */
  readonly bytes: number;
  /** What the user must know although nothing failed: a file that changed meanwhile, a socket left out. */
  readonly remarks: readonly string[];
}

/** A local file or directory, or a stream, that can be read once. */
export interface LocalSource {
  readonly kind: CopyKind;
  /** Permission bits, at most 0777; undefined for a stream. */
  readonly mode: number | undefined;
  /**
   * Writes all of it into a stream and ends that: a file's bytes and the mark, or a tar stream of a directory whose
   * names begin with `./`. When something cannot be read the stream is cut off short of its mark.
   * @throws {DevboxError} NOT_PERMITTED, HOST_DISK; any other error is the stream's own
   */
  pour(into: NodeJS.WritableStream, options: PourOptions): Promise<Poured>;
}

export interface Taken {
  readonly bytes: number;
  /** False when whoever reads our standard output went away before the end. */
  readonly wanted: boolean;
}

/** A place on this machine that takes one copy. Until `commit` nothing of it can be seen under the target's name. */
export interface LocalTarget {
  /**
   * Takes the bytes of a file, or unpacks a tar stream, into a private place beside the target.
   * @throws {DevboxError} HOST_DISK, NOT_PERMITTED, ENGINE_GARBAGE for an archive that is none
   */
  take(content: AsyncIterable<Uint8Array>, signal: AbortSignal): Promise<Taken>;
  /**
   * Checks what came and moves it into place.
   * @throws {DevboxError} NOT_PERMITTED for anything but files, directories and links; WRONG_STATE, HOST_DISK
   */
  commit(): Promise<void>;
  /** Removes whatever was not committed. To be called in any case. */
  discard(): Promise<void>;
}

/** The caller's own files, seen from the caller's working directory. */
export interface LocalFiles {
  /** @throws {DevboxError} NO_SUCH_FILE, NOT_PERMITTED, WRONG_STATE */
  source(path: string): Promise<LocalSource>;
  standardInput(): LocalSource;
  /** @throws {DevboxError} NO_SUCH_FILE, NOT_PERMITTED, WRONG_STATE, INVALID_PATH */
  target(path: string, incoming: Incoming): Promise<LocalTarget>;
  standardOutput(): LocalTarget;
}
