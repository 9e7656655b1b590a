import { DevboxError, type ErrorCode, type ErrorParts } from "../errors.ts";

/** What is refused before there is a command. */
export class BoundaryRefusal extends DevboxError {
  /** Which refusal it is, for the audit log: a word of ours, because theirs may be secret. */
  readonly what: string;

  constructor(what: string, code: ErrorCode, message: string, parts: ErrorParts = {}) {
    super(code, message, parts);
    this.what = what;
  }
}
