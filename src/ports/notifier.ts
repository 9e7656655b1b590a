import type { NoticeRecord } from "../core/lifecycle/records.ts";
import type { Millis } from "../core/time.ts";

/** What is told to a person: plain text, printable, without secrets. */
export interface Message extends Pick<NoticeRecord, "stage" | "boxName" | "owner" | "deadline"> {
  /** `test` is about no box: its name is empty. */
  readonly kind: NoticeRecord["kind"] | "test";
  /** The same for every try of one notice, so that a receiver can tell a second one. */
  readonly id: string;
  readonly subject: string;
  readonly body: string;
  readonly at: Millis;
  /** Name of the host that says it. */
  readonly host: string;
  /** Where the owner gets e-mail; undefined where the configuration does not say. */
  readonly email: string | undefined;
}

/** One way to tell people, as it is configured. */
export interface Channel {
  /** `webhook`, `email`, `command`, with a number from the second of a kind on: `webhook-2`. */
  readonly name: string;
  /** Whether this way leads to the message's receiver at all; it does when left out. */
  readonly reaches?: (message: Pick<Message, "email">) => boolean;
  /** Looks whether its files are there and as they have to be. @throws {DevboxError} NOTIFY_FAILED */
  readonly check?: () => void;
  /**
   * Hands a message over: the receiver has said that it has it.
   * @throws {DevboxError} NOTIFY_FAILED, its text without secrets
   */
  deliver(message: Message, signal: AbortSignal): Promise<void>;
}
