import type { Secret } from "../../core/secret.ts";
import type { Asked } from "./failures.ts";

export interface ReadRequest {
  /** `op://…` */
  readonly reference: string;
  readonly asked: Asked;
  readonly token: Secret;
  /** Milliseconds after which it is given up. */
  readonly timeout: number;
  readonly signal: AbortSignal;
}

/**
 * One read of 1Password, as it answers.
 * @throws {DevboxError} the SECRETS_ codes of failures.ts, SECRETS_NOT_SET_UP, INTERRUPTED
 */
export type Reader = (request: ReadRequest) => Promise<string>;
