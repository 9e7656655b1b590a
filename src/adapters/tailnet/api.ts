import type { NoAnswer } from "../../core/no-answer.ts";
import { DevboxError } from "../../core/errors.ts";
import { redacted, type Secret, without } from "../../core/secret.ts";
import { quote } from "../../core/text.ts";
import { SECOND } from "../../core/time.ts";
import type { Clock } from "../../ports/clock.ts";
import type { Tailnet } from "../../ports/tailnet.ts";
import { parsed, passes, type Peer, rateLimited, refused, strange, unanswered } from "./errors.ts";
import { type HttpAnswer, send } from "./run.ts";

/** Times that one thing is asked at most. */
const TRIES = 3;
/** Milliseconds before the second try; twice that before the third. */
const BACK_OFF = 400;
/** Milliseconds that are waited at most because the server says so (Retry-After). */
const PATIENCE = 10 * SECOND;

/** What can be asked of a control plane. */
export type TailnetCalls = Pick<Tailnet, "devices" | "device" | "remove" | "rename">;

export interface Api {
  readonly peer: Peer;
  readonly clock: Clock;
  /** Milliseconds for one thing that is asked, all tries included. */
  readonly timeout: number;
}

export interface Question {
  readonly method: "GET" | "POST" | "DELETE";
  /** Below the base URL, with its slash; whatever came from outside in it is encoded. */
  readonly path: string;
  readonly bearer?: Secret | undefined;
  /** Sent as the body, of this type. */
  readonly body?: { readonly type: string; readonly text: string } | undefined;
  /** Secrets in the body, never taken from an answer. */
  readonly secrets?: readonly Secret[];
  /** Whether it may be asked again when it is not known if the server acted. */
  readonly repeatable: boolean;
  /** Whether an answer other than 2xx answers this question. */
  readonly accepts?: (answer: HttpAnswer) => boolean;
}

/**
 * Asks the control plane, again where that helps. A network that is down and a busy server (5xx) are asked again only
 * when the question is repeatable; a rate limit always, because nothing was done.
 * @returns an answer of 2xx, or one that the question accepts
 * @throws {DevboxError} TAILNET_UNREACHABLE, TAILNET_API_REFUSED, TAILNET_RATE_LIMITED, TAILNET_FAILED
 */
export async function ask(api: Api, question: Question): Promise<HttpAnswer> {
  const end = api.clock.monotonic() + api.timeout;
  for (let tries = 1; ; tries += 1) {
    const left = end - api.clock.monotonic();
    // A server that hangs is given a part of the time, so that there is some left for another try.
    const sent = await send(requestOf(api, question, Math.max(SECOND, Math.min(left, api.timeout / 2))));
    const outcome = discreet(question, sent);
    const wait = tries < TRIES ? pause(api, question, outcome, tries) : undefined;
    if (wait === undefined || api.clock.monotonic() + wait >= end) return settled(api, question, outcome);
    await api.clock.sleep(wait);
  }
}

function requestOf(api: Api, { method, path, bearer, body }: Question, timeout: number) {
  return {
    method,
    url: `${api.peer.base}${path}`,
    headers: {
      ...(bearer === undefined ? {} : { authorization: `Bearer ${bearer.reveal()}` }),
      ...(body === undefined ? {} : { "content-type": body.type }),
    },
    body: body?.text,
    timeout,
  };
}

/** What came back without what was sent: a server, or a box in its place, may say it in an error and in a device's name. */
function discreet({ bearer, secrets = [] }: Question, came: HttpAnswer | NoAnswer): HttpAnswer | NoAnswer {
  const clean = (text: string): string => without(text, bearer === undefined ? secrets : [bearer, ...secrets]);
  if (!("status" in came)) return { ...came, words: clean(came.words) };
  return { ...came, text: clean(came.text), location: came.location === undefined ? undefined : clean(came.location) };
}

/** Milliseconds to wait before the next try; undefined when there is to be none. */
function pause(api: Api, question: Question, outcome: HttpAnswer | NoAnswer, tries: number): number | undefined {
  const backOff = BACK_OFF * 2 ** (tries - 1);
  if (!("status" in outcome)) return question.repeatable && passes(outcome) ? backOff : undefined;
  if (outcome.status === 429) {
    const asked = retryAfter(outcome, api.clock.now()) ?? backOff;
    return asked <= PATIENCE ? asked : undefined;
  }
  return question.repeatable && outcome.status >= 500 ? backOff : undefined;
}

function settled(api: Api, question: Question, outcome: HttpAnswer | NoAnswer): HttpAnswer {
  if (!("status" in outcome)) throw unanswered(api.peer, outcome);
  if (outcome.status >= 200 && outcome.status < 300) return outcome;
  if (question.accepts?.(outcome) === true) return outcome;
  if (outcome.status === 429) {
    throw rateLimited(api.peer, retryAfter(outcome, api.clock.now()), api.clock.now());
  }
  throw refused(api.peer, outcome);
}

/** RFC 9110, 10.2.3: seconds, or a date; as milliseconds from now. */
function retryAfter({ retryAfter: value }: HttpAnswer, now: number): number | undefined {
  if (value === undefined) return undefined;
  if (/^\d{1,7}$/.test(value)) return Number(value) * SECOND;
  const date = Date.parse(value);
  return Number.isNaN(date) ? undefined : Math.max(0, date - now);
}

/**
 * The JSON object of an answer.
 * @throws {DevboxError} TAILNET_FAILED
 */
export function objectOf(peer: Peer, answer: HttpAnswer): Readonly<Record<string, unknown>> {
  const body = parsed(answer.text);
  if (typeof body === "object" && body !== null && !Array.isArray(body)) return body as Record<string, unknown>;
  throw strange(peer, answer.text === "" ? "It is empty." : `It begins: ${quote(redacted(answer.text).slice(0, 60))}`);
}

/**
 * A node id as part of a path: what is no id is never sent.
 * @throws {DevboxError} TAILNET_FAILED
 */
export function idInPath(peer: Peer, nodeId: string, fits: (nodeId: string) => boolean): string {
  if (fits(nodeId)) return nodeId;
  throw new DevboxError("TAILNET_FAILED", `${quote(nodeId)} is no id of a device at ${peer.title}.`, {
    why: "It was recorded at another control plane, or by hand.",
    next: ["devbox-ctl list"],
  });
}
