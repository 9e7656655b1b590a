/** Names that lead to this machine. */
const LOOPBACK = /^(?:localhost|127\.\d+\.\d+\.\d+|\[::1\])$/;

/** Addresses that no router of the internet passes on: RFC 1918, RFC 6598 (tailnets), RFC 4193, link-local. */
const PRIVATE =
  /^(?:10\.\d+\.\d+\.\d+|192\.168\.\d+\.\d+|172\.(?:1[6-9]|2\d|3[01])\.\d+\.\d+|169\.254\.\d+\.\d+|100\.(?:6[4-9]|[7-9]\d|1[01]\d|12[0-7])\.\d+\.\d+|\[f[cd][\da-f]{2}:[\da-f:]+\]|\[fe80:[\da-f:]+\])$/;

/**
 * What keeps a text from being the address of a webhook, as a clause; undefined when nothing does. It never repeats the
 * text, because the text may be a secret.
 */
export function webhookUrlProblem(text: string): string | undefined {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url === undefined || (url.protocol !== "https:" && url.protocol !== "http:")) return "must be an http(s) address";
  if (url.username + url.password !== "") return "must not have a user name or password in it; tokenFile is for that";
  if (url.protocol === "http:" && !LOOPBACK.test(url.hostname) && !PRIVATE.test(url.hostname)) {
    return "must be https:// unless it is this machine's loopback or a private address, as anybody on the way could read it";
  }
  return undefined;
}

/** As much of an address as may be told: `https://hooks.example.com`. */
export function originOf(text: string): string {
  return URL.canParse(text) ? new URL(text).origin : "its address";
}
