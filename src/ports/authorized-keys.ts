/** The service account's file of keys, which sshd reads. Both calls are synchronous, to be made under the ledger's lock. */
export interface AuthorizedKeys {
  /** Its absolute path. */
  readonly file: string;
  /** Absolute path of the program that each key starts. */
  readonly program: string;
  /** All of it; empty when there is none. @throws {DevboxError} STATE_UNWRITABLE */
  read(): string;
  /** Puts another one in its place, whole or not at all, for nobody else to read. @throws {DevboxError} STATE_UNWRITABLE, HOST_DISK */
  write(text: string): void;
}
