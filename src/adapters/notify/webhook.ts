import type { NotifyConfig } from "../../core/config/lifecycle-config.ts";
import { originOf, webhookUrlProblem } from "../../core/notify-url.ts";
import { Secret } from "../../core/secret.ts";
import { SECOND } from "../../core/time.ts";
import type { Channel, Message } from "../../ports/notifier.ts";
import { notifyFailed, quotedAnswer } from "./failure.ts";
import { type Shaped, shaped } from "./formats.ts";
import { send } from "./run.ts";
import { type ReadSecret, secretLine } from "./secret-file.ts";

type WebhookConfig = Extract<NotifyConfig, { type: "webhook" }>;

/** A receiver that takes notices over HTTP. */
export function webhook(name: string, config: WebhookConfig, read: ReadSecret): Channel {
  return {
    name,
    check: () => {
      shapedFor(config, addressOf(config, read));
      tokenOf(config, read);
    },
    deliver: async (message, signal) => {
      await deliver(config, read, message, signal);
    },
  };
}

async function deliver(config: WebhookConfig, read: ReadSecret, message: Message, signal: AbortSignal): Promise<void> {
  const address = addressOf(config, read);
  const at = originOf(address);
  const request = shapedFor(config, address, message);
  const token = tokenOf(config, read);
  const secrets = [...(token === undefined ? [] : [token]), ...secretsOf(address)];
  const answer = await send({
    ...{ method: request.method, url: request.url, body: JSON.stringify(request.body), signal },
    headers: token === undefined ? {} : { authorization: `Bearer ${token.reveal()}` },
    timeout: config.timeout * SECOND,
  });
  if ("code" in answer)
    throw notifyFailed({ what: `the webhook at ${at} does not answer.`, why: answer.words, secrets });
  if (answer.status >= 200 && answer.status < 300) return;
  const words = quotedAnswer(answer.text, secrets);
  const isMoved = answer.status >= 300 && answer.status < 400;
  throw notifyFailed({
    what: isMoved ? `the webhook at ${at} leads elsewhere.` : `the webhook at ${at} did not take the notice.`,
    why: isMoved
      ? `It answered ${String(answer.status)}; redirects are not followed, because they would carry the token and the notice along.`
      : `It answered ${String(answer.status)}${words === "" ? "" : `: ${words}`}`,
    next: isMoved ? ["Name the address where it is now"] : [],
    secrets,
  });
}

/** @throws {DevboxError} NOTIFY_FAILED for an address that is none for this format */
function shapedFor({ format, url }: WebhookConfig, address: string, message: Message = NOTHING): Shaped {
  const request = webhookUrlProblem(address) ?? shaped(format, address, message);
  if (typeof request !== "string") return request;
  const next = [`Correct ${url === null ? "what urlFile names" : "url"} of this channel in notify`];
  throw notifyFailed({ what: "the webhook's address cannot be used.", why: `It ${request}.`, next });
}

/** What an address is looked at with when there is nothing to say. */
const NOTHING: Message = {
  ...{ id: "none", kind: "test", stage: "first", boxName: "", owner: "", deadline: undefined, at: 0 },
  ...{ subject: "", body: "", host: "", email: undefined },
};

function tokenOf({ tokenFile }: WebhookConfig, read: ReadSecret): Secret | undefined {
  return tokenFile === null ? undefined : secretLine(read, tokenFile, "the webhook's token");
}

function addressOf({ url, urlFile }: WebhookConfig, read: ReadSecret): string {
  if (urlFile !== null) return secretLine(read, urlFile, "the webhook's address").reveal();
  // The schema sees to it that there is one.
  return url ?? "";
}

/** Whoever has such an address may write to it: what is behind the host is not repeated, in whatever part it is quoted. */
function secretsOf(address: string): Secret[] {
  const { pathname, search } = new URL(address);
  const parts = pathname.split("/").filter((part) => part.length >= 8);
  return [address, `${pathname}${search}`, search, ...parts]
    .filter((part) => part.length > 1)
    .map((part) => new Secret(part));
}
