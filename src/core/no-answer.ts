/** Why a server gave no answer. */
export interface NoAnswer {
  /** Of the system, of OpenSSL or of undici: ECONNREFUSED, CERT_HAS_EXPIRED, UND_ERR_SOCKET; or the caller's own. */
  readonly code: string;
  readonly words: string;
}

/** fetch says "fetch failed"; the reason is its cause, or, where several addresses were tried, a cause of that. */
export function reasonOf(error: unknown): NoAnswer {
  let reason = error;
  for (;;) {
    if (reason instanceof AggregateError) reason = reason.errors[0];
    else if (reason instanceof Error && reason.cause instanceof Error) reason = reason.cause;
    else break;
  }
  if (!(reason instanceof Error)) return { code: "", words: "" };
  const { code = "", message } = reason as Error & { readonly code?: string };
  return { code, words: message };
}
