import { type NoAnswer, reasonOf } from "../../core/no-answer.ts";

/** Most bytes of an answer that are read: the list of some twenty thousand devices. */
const MOST = 32 * 1024 * 1024;

export interface HttpRequest {
  readonly method: "GET" | "POST" | "DELETE";
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string | undefined;
  /** Milliseconds after which it is given up, the answer's body included. */
  readonly timeout: number;
}

export interface HttpAnswer {
  readonly status: number;
  readonly text: string;
  /** The header Retry-After as it came. */
  readonly retryAfter: string | undefined;
  /** Where a redirect leads. None is followed: it would carry the credential to wherever the answer says. */
  readonly location: string | undefined;
}

/** Asks once. Whatever goes wrong on the way is told, not thrown. */
export async function send(request: HttpRequest): Promise<HttpAnswer | NoAnswer> {
  const signal = AbortSignal.timeout(request.timeout);
  try {
    const { method, body, headers } = request;
    const response = await fetch(request.url, {
      method,
      headers: { "user-agent": "devbox-ctl", accept: "application/json", ...headers },
      redirect: "manual",
      signal,
      ...(body === undefined ? {} : { body }),
    });
    return {
      status: response.status,
      text: await textOf(response),
      retryAfter: response.headers.get("retry-after") ?? undefined,
      location: response.headers.get("location") ?? undefined,
    };
  } catch (error) {
    if (error instanceof TooLarge) return { code: "TOO_LARGE", words: error.message };
    if (signal.aborted) return { code: "TIMEOUT", words: `no answer within ${request.timeout / 1000} s` };
    return reasonOf(error);
  }
}

class TooLarge extends Error {}

async function textOf(response: Response): Promise<string> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  // Leaving the loop closes the connection, so what is too large is not read on.
  for await (const chunk of (response.body ?? []) as AsyncIterable<Uint8Array>) {
    size += chunk.length;
    if (size > MOST) throw new TooLarge(`the answer has more than ${MOST / 1024 / 1024} MiB`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString("utf8");
}
