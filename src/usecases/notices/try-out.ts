import { testText } from "../../core/lifecycle/notice-text.ts";
import type { Channel, Message } from "../../ports/notifier.ts";
import type { Deps } from "../deps.ts";
import { configuredUser, throwUnlessForAll } from "../owners.ts";
import { problemOf } from "./deliver.ts";
import { toldBy } from "./message.ts";

/** How a test went by one channel. */
export interface TriedChannel {
  readonly channel: string;
  /** `unreachable`: it does not lead to this user, who has no address for it. */
  readonly outcome: "delivered" | "failed" | "unreachable";
  readonly problem: string | undefined;
  /** Milliseconds. */
  readonly took: number;
}

export interface NotifyTestResult {
  readonly user: string;
  /** In the configuration's order. */
  readonly channels: readonly TriedChannel[];
}

/**
 * Sends a message that says nothing by every configured channel, at once, and tells how it went by each.
 * @param input.user whom it is for; the caller when left out
 * @throws {DevboxError} NOT_PERMITTED, USAGE for one who is not configured
 */
export async function notifyTest(deps: Deps, input: { readonly user: string | undefined }): Promise<NotifyTestResult> {
  throwUnlessForAll(deps.caller, "notify test");
  const { caller, config, host, clock } = deps;
  const user = input.user === undefined || input.user === caller.user ? caller.user : configuredUser(deps, input.user);
  const told = toldBy(deps);
  const message: Message = {
    // Each test is a message of its own.
    ...{ id: `test-${host.newId(16)}`, kind: "test", stage: "first", boxName: "", owner: user, deadline: undefined },
    ...{ ...testText(user, told), at: clock.now(), host: told.host, email: config.users[user]?.email },
  };
  return { user, channels: await Promise.all((await deps.channels()).map((channel) => tried(deps, channel, message))) };
}

async function tried({ clock, interrupt }: Deps, channel: Channel, message: Message): Promise<TriedChannel> {
  const since = clock.monotonic();
  if (channel.reaches?.(message) === false) {
    const problem = `${message.owner} has no address: users.${message.owner}.email in the configuration`;
    return { channel: channel.name, outcome: "unreachable", problem, took: 0 };
  }
  const problem = await problemOf(channel.deliver(message, interrupt));
  const outcome = problem === undefined ? "delivered" : "failed";
  return { channel: channel.name, outcome, problem, took: clock.monotonic() - since };
}
