import { DevboxError, type ErrorCode, messageOf } from "../../core/errors.ts";
import { redacted } from "../../core/secret.ts";
import { clipped, quote } from "../../core/text.ts";
import { iso, roughly } from "../../core/time.ts";
import type { NoAnswer } from "../../core/no-answer.ts";
import type { HttpAnswer } from "./run.ts";

/** Who is spoken to, as far as errors tell it. */
export interface Peer {
  readonly title: string;
  /** Base URL, without a slash at its end. */
  readonly base: string;
  /** The key of the configuration that the base comes from; undefined for Tailscale's own. */
  readonly setting: "tailnet.api.url" | "tailnet.loginServer" | undefined;
  /** What the administrator is to do when the credential is refused (401), or may not do something (403), or what was asked for is unknown. */
  readonly advice: Record<"refused" | "forbidden" | "unknown", readonly string[]>;
}

/** What to check of an address that does not answer as it should: the setting that it comes from. */
export function checkUrl({ base, setting }: Pick<Peer, "base" | "setting">): string {
  if (setting === undefined) return `Check what stands between this host and ${base}: name server, proxy, firewall`;
  const also = setting === "tailnet.loginServer" ? " (an API elsewhere is named in tailnet.api.url)" : "";
  return `Check ${setting}: the base of the server's addresses, without /api and what follows${also}`;
}

/** Milliseconds after which to try again when the server does not say. */
const LATER = 60_000;

/** Codes of OpenSSL and Node for certificates and protocol: waiting does not help. */
const TLS = /CERT|SIGNED|SIGNATURE|ISSUER|^ERR_(TLS|SSL)|^EPROTO$/;
const NAME = /^(ENOTFOUND|EAI_)/;

/** Whether asking again can help where nobody answered. */
export const passes = ({ code }: NoAnswer): boolean => !TLS.test(code) && /^(E|UND_ERR|TIMEOUT)/.test(code);

/** The error for a request that nobody answered. */
export function unanswered(peer: Peer, reason: NoAnswer): DevboxError {
  const why = messageOf(redacted(reason.words)) || reason.code;
  if (reason.code === "TOO_LARGE") return strange(peer, why);
  const next = TLS.test(reason.code)
    ? [
        peer.setting === undefined
          ? checkUrl(peer)
          : `Check that ${peer.setting} begins with what the server speaks, https:// or http://`,
        "A certificate of your own authority: name its file in NODE_EXTRA_CA_CERTS",
      ]
    : NAME.test(reason.code)
      ? [checkUrl(peer), "Check this host's name server"]
      : ["Check that it runs and that this host can reach it, then run the command again", checkUrl(peer)];
  const what = TLS.test(reason.code) ? "there is no secure connection to" : "no answer from";
  return new DevboxError("TAILNET_UNREACHABLE", `${what} ${called(peer)}.`, { why, next });
}

/** The error for an answer that is not what was asked for. */
export function refused(peer: Peer, answer: HttpAnswer): DevboxError {
  const { status } = answer;
  const said = redacted(messageIn(answer) ?? answer.text)
    .slice(0, 200)
    .trim();
  const why = `HTTP ${status}${said === "" ? "" : `: ${clipped(said)}`}`;
  const error = (code: ErrorCode, message: string, next: readonly string[]) =>
    new DevboxError(code, message, { why, next });
  if (status === 401) return error("TAILNET_API_REFUSED", `${peer.title} refused the credential.`, peer.advice.refused);
  if (status === 403)
    return error("TAILNET_API_REFUSED", `the credential may not do this at ${peer.title}.`, peer.advice.forbidden);
  if (status >= 300 && status < 400) {
    const where = answer.location === undefined ? "" : ` to ${quote(redacted(answer.location))}`;
    return error("TAILNET_FAILED", `${called(peer)} sends us on${where}.`, [
      "devbox-ctl follows no redirects, because they would carry the credential along",
      checkUrl(peer),
    ]);
  }
  if (status === 404)
    return error("TAILNET_FAILED", `${called(peer)} does not know what it was asked for.`, peer.advice.unknown);
  if (status >= 502 && status <= 504)
    return error("TAILNET_UNREACHABLE", `${called(peer)} is not available at the moment.`, [
      "Run the command again later",
    ]);
  return error("TAILNET_FAILED", `${called(peer)} refused or failed.`, [
    status >= 500 ? "Run the command again later; its own log tells more" : checkUrl(peer),
  ]);
}

/** An answer of 200 that is not the server's. */
export function strange(peer: Peer, why: string): DevboxError {
  return new DevboxError("TAILNET_FAILED", `the answer of ${called(peer)} cannot be understood.`, {
    why,
    next: [checkUrl(peer), `Check that it is ${peer.title} that answers there, not a proxy's login page`],
  });
}

/** @param wait milliseconds after which the server wants to be asked again, when it said so */
export function rateLimited(peer: Peer, wait: number | undefined, now: number): DevboxError {
  const span = wait ?? LATER;
  return new DevboxError("TAILNET_RATE_LIMITED", `${peer.title} wants fewer requests.`, {
    why: wait === undefined ? "It did not say for how long (HTTP 429)." : "HTTP 429",
    next: [`Run the command again after ${iso(now + span)} (in ${roughly(span)})`],
  });
}

const called = ({ title, base }: Peer): string => `${title} (${base})`;

/** An error's words in the shape that both control planes give it, `{"message": …}`; undefined for any other answer. */
export function messageIn(answer: HttpAnswer): string | undefined {
  const body = parsed(answer.text);
  const message = typeof body === "object" && body !== null && "message" in body ? body.message : undefined;
  return typeof message === "string" ? message : undefined;
}

/** JSON, or undefined. */
export function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
