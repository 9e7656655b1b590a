/** What a configuration for a tailnet of one's own needs on top of the one in force. */
export interface TrialParts {
  /** The control plane's URL. */
  readonly url: string;
  /** Directory of the auth keys. */
  readonly keys: string;
  /** File with headscale's API key. */
  readonly apiKey: string;
  /** Where boxes of this configuration are remembered when the one in force has a tailnet already. */
  readonly stateDir: string;
}

/** Names of containers and volumes have 40 characters for this at most. */
const NAMESPACE_MAX = 40;

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" && value !== null && !Array.isArray(value);

const objectAt = (document: Readonly<Record<string, unknown>>, key: string): Record<string, unknown> => {
  const value = document[key];
  return isObject(value) ? value : {};
};

/** A document that {@link trialConfig} made, for its boxes that are left when the tailnet is gone: they join none. */
export function leftConfig(trial: unknown): Record<string, unknown> {
  const off = { provider: "none" };
  return { ...(isObject(trial) ? trial : {}), secrets: off, tailnet: off };
}

/**
 * The configuration document in force, with the keys that make boxes join the tailnet of one's own.
 * A document that names another tailnet gets boxes of its own: those that are devices of that one must not be logged in
 * here by a command that was only to be tried.
 */
export function trialConfig(present: unknown, parts: TrialParts): Record<string, unknown> {
  const base = isObject(present) ? present : {};
  const { provider = "none", api } = objectAt(base, "tailnet");
  // Its own file of an earlier time is known by this, whatever address it named.
  const isOwn = isObject(api) && api.tokenFile === parts.apiKey;
  const hasAnother = provider !== "none" && !isOwn;
  const { namespace = "devbox" } = objectAt(base, "engine");
  const apart = {
    state: { ...objectAt(base, "state"), dir: parts.stateDir },
    engine: {
      ...objectAt(base, "engine"),
      namespace: `${String(namespace).slice(0, NAMESPACE_MAX - "-dev".length)}-dev`,
    },
  };
  return {
    ...base,
    ...(hasAnother ? apart : {}),
    secrets: { provider: "file", dir: parts.keys },
    tailnet: {
      provider: "headscale",
      loginServer: parts.url,
      // Its relay is asked over plain http as well, which tailscaled does only when told.
      env: { TS_DEBUG_USE_DERP_HTTP: "1" },
      api: { tokenFile: parts.apiKey },
    },
  };
}
