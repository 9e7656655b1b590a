import type { NotifyConfig } from "../../core/config/lifecycle-config.ts";
import { iso } from "../../core/time.ts";
import type { Message } from "../../ports/notifier.ts";

export type WebhookFormat = Extract<NotifyConfig, { type: "webhook" }>["format"];

/** What is sent, and where to. */
export interface Shaped {
  readonly method: "POST" | "PUT";
  readonly url: string;
  readonly body: Readonly<Record<string, unknown>>;
}

/** What everybody who takes JSON gets, and a command on its standard input. */
export function plainJson(message: Message): Readonly<Record<string, unknown>> {
  const { id, kind, stage, boxName, owner, deadline, subject, body, at, host } = message;
  const times = { deadline: deadline === undefined ? null : iso(deadline), at: iso(at) };
  return { version: 1, id, kind, stage, box: boxName === "" ? null : boxName, owner, host, subject, body, ...times };
}

/**
 * A message as its receiver wants it.
 * @returns a clause that says what is wrong with the address, where the format asks for a certain one
 */
export function shaped(format: WebhookFormat, address: string, message: Message): Shaped | string {
  switch (format) {
    case "json":
      return { method: "POST", url: address, body: plainJson(message) };
    case "ntfy":
      return ntfy(address, message);
    case "slack":
      return {
        method: "POST",
        url: address,
        body: { text: `*${forSlack(message.subject)}*\n${forSlack(message.body)}` },
      };
    case "matrix":
      return matrix(address, message);
  }
}

/** What warns of a loss, or says that something is wrong, rings louder. */
const LOUD = { default: 3, high: 4 } as const;

/**
 * https://docs.ntfy.sh/publish/#publish-as-json: to the server's root, with the topic in the body. From 2.16 on a second
 * one with the same sequence id replaces the first.
 */
function ntfy(address: string, { id, kind, subject, body }: Message): Shaped | string {
  const url = new URL(address);
  const topic = /^\/([\w-]{1,64})\/?$/.exec(url.pathname)?.[1];
  if (topic === undefined) return "must end in its topic: https://ntfy.example.com/TOPIC";
  const isLoud = kind === "destroy" || kind === "trouble";
  const said = { topic, title: subject, message: body.trimEnd(), tags: ["package"], sequence_id: id };
  return { method: "POST", url: `${url.origin}/`, body: { ...said, priority: isLoud ? LOUD.high : LOUD.default } };
}

/** https://docs.slack.dev/messaging/formatting-message-text: these three, and no others. */
function forSlack(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
}

/** The client-server API: `PUT …/rooms/ROOM/send/m.room.message/ID`; a second one with the same id is no second message. */
function matrix(address: string, { id, subject, body }: Message): Shaped | string {
  const url = new URL(address);
  const room = /^(.*\/_matrix\/client\/[^/]+\/rooms\/[^/]+)(?:\/send\/m\.room\.message)?\/?$/.exec(url.pathname)?.[1];
  if (room === undefined) {
    return "must lead to a room: https://matrix.example.com/_matrix/client/v3/rooms/ROOM";
  }
  const text = { msgtype: "m.text", body: `${subject}\n\n${body.trimEnd()}` };
  return { method: "PUT", url: `${url.origin}${room}/send/m.room.message/${encodeURIComponent(id)}`, body: text };
}
