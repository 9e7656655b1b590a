import { EXIT, type ExitCode } from "./exit-codes.ts";
import { printableLines } from "./text.ts";

/**
 * Every way a command can end other than well, with the exit code it leads to.
 * The codes are part of the contract: scripts match on them, so they are never renamed.
 */
export const ERROR_EXIT = {
  USAGE: EXIT.usage,
  INVALID_NAME: EXIT.usage,
  INVALID_SPEC: EXIT.usage,
  INVALID_CONFIG: EXIT.usage,
  INVALID_PATH: EXIT.usage,
  NO_SUCH_FILE: EXIT.usage,
  BOX_NOT_FOUND: EXIT.notFound,
  VOLUME_NOT_FOUND: EXIT.notFound,
  SERVICE_NOT_FOUND: EXIT.notFound,
  USER_NOT_FOUND: EXIT.notFound,
  KEY_NOT_FOUND: EXIT.notFound,
  NOT_PERMITTED: EXIT.notPermitted,
  STATE_UNWRITABLE: EXIT.notPermitted,
  NAME_TAKEN: EXIT.conflict,
  NEEDS_CONFIRMATION: EXIT.conflict,
  WRONG_STATE: EXIT.conflict,
  CONTAINER_GONE: EXIT.conflict,
  VOLUME_IN_USE: EXIT.conflict,
  IMAGE_IN_USE: EXIT.conflict,
  PORT_TAKEN: EXIT.conflict,
  LEDGER_CORRUPT: EXIT.conflict,
  LEDGER_NEWER: EXIT.conflict,
  LIMIT_PER_USER: EXIT.limit,
  LIMIT_GLOBAL: EXIT.limit,
  LIMIT_CPUS: EXIT.limit,
  LIMIT_MEMORY: EXIT.limit,
  LIMIT_HOLD: EXIT.limit,
  LIMIT_LIFECYCLE: EXIT.limit,
  ENGINE_MISSING: EXIT.engine,
  ENGINE_FAILED: EXIT.engine,
  ENGINE_TIMEOUT: EXIT.engine,
  ENGINE_GARBAGE: EXIT.engine,
  IMAGE_NOT_FOUND: EXIT.engine,
  IMAGE_BUILD_FAILED: EXIT.engine,
  NOT_READY: EXIT.engine,
  SECRETS_NOT_SET_UP: EXIT.secrets,
  SECRETS_NO_TOKEN: EXIT.secrets,
  SECRETS_BAD_TOKEN: EXIT.secrets,
  SECRETS_FORBIDDEN: EXIT.secrets,
  SECRETS_NO_VAULT: EXIT.secrets,
  SECRETS_NO_ITEM: EXIT.secrets,
  SECRETS_NO_FIELD: EXIT.secrets,
  SECRETS_AMBIGUOUS: EXIT.secrets,
  SECRETS_RATE_LIMITED: EXIT.secrets,
  SECRETS_UNREACHABLE: EXIT.secrets,
  SECRETS_EMPTY: EXIT.secrets,
  SECRETS_NOT_A_KEY: EXIT.secrets,
  SECRETS_EXPOSED: EXIT.secrets,
  SECRETS_FAILED: EXIT.secrets,
  NOTIFY_FAILED: EXIT.partial,
  ARCHIVE_NOT_FOUND: EXIT.notFound,
  ARCHIVE_DAMAGED: EXIT.conflict,
  ARCHIVE_QUOTA: EXIT.limit,
  INVALID_SCHEDULE: EXIT.usage,
  TAILNET_NOT_SET_UP: EXIT.tailnet,
  TAILNET_UNREACHABLE: EXIT.tailnet,
  TAILNET_KEY_REFUSED: EXIT.tailnet,
  TAILNET_WRONG_TAGS: EXIT.tailnet,
  TAILNET_API_REFUSED: EXIT.tailnet,
  TAILNET_RATE_LIMITED: EXIT.tailnet,
  TAILNET_DAEMON: EXIT.tailnet,
  TAILNET_FAILED: EXIT.tailnet,
  HOST_MEMORY: EXIT.host,
  HOST_DISK: EXIT.host,
  HOST_CPU: EXIT.host,
  HOST_IDS: EXIT.host,
  HOST_LIMITS: EXIT.host,
  HOST_SETUP: EXIT.partial,
  PARTIAL: EXIT.partial,
  SERVICE_NOT_READY: EXIT.partial,
  TAILNET_NOT_JOINED: EXIT.partial,
  DEVICE_PENDING: EXIT.partial,
  BUSY: EXIT.busy,
  INTERRUPTED: EXIT.interrupted,
} as const satisfies Record<string, ExitCode>;

export type ErrorCode = keyof typeof ERROR_EXIT;

export interface ErrorParts {
  /** Why it happened, in the words of whoever refused (the engine's, the kernel's), already redacted. */
  readonly why?: string | undefined;
  /** What to do next, one sentence or command each, the most useful first. */
  readonly next?: readonly string[];
  readonly cause?: unknown;
}

/**
 * The one error class of the house: what happened (`message`), why (`why`), what to do next (`next`).
 * Anything else that is thrown is a bug and exits 1.
 */
export class DevboxError extends Error {
  readonly code: ErrorCode;
  readonly why: string | undefined;
  readonly next: readonly string[];

  constructor(code: ErrorCode, message: string, parts: ErrorParts = {}) {
    super(message, parts.cause === undefined ? {} : { cause: parts.cause });
    this.name = "DevboxError";
    this.code = code;
    this.why = parts.why;
    this.next = parts.next ?? [];
  }

  get exitCode(): ExitCode {
    return ERROR_EXIT[this.code];
  }
}

/** True for an error of ours with one of the given codes. */
export function hasCode(error: unknown, ...codes: readonly ErrorCode[]): error is DevboxError {
  return error instanceof DevboxError && codes.includes(error.code);
}

/** Longest line of somebody else's message that is repeated, in characters. */
const LINE_LIMIT = 500;

/** The message of whatever was thrown, for a sentence that quotes it: it may name files, so it is made printable. */
export function messageOf(error: unknown): string {
  return printableLines(error instanceof Error ? error.message : String(error))
    .split("\n")
    .map((line) => (line.length > LINE_LIMIT ? `${line.slice(0, LINE_LIMIT)}…` : line))
    .join("\n");
}
