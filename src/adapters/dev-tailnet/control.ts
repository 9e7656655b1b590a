import { DevboxError, messageOf } from "../../core/errors.ts";
import { redacted, Secret } from "../../core/secret.ts";
import { printable } from "../../core/text.ts";
import { SECOND } from "../../core/time.ts";
import type { Clock } from "../../ports/clock.ts";
import type { DevControl, DevNode } from "../../ports/dev-tailnet.ts";
import { ask } from "./run.ts";

/** Milliseconds; it is on this machine. */
const TIMEOUT = 10 * SECOND;
/** Characters of an answer that an error repeats. */
const WORDS = 300;
/** What headscale shows a key's end as. */
const HIDDEN_END = /\*+$/;

type Fields = Readonly<Record<string, unknown>>;

const fields = (value: unknown): Fields => (typeof value === "object" && value !== null ? { ...value } : {});
const list = (value: unknown): Fields[] => (Array.isArray(value) ? value.map((each) => fields(each)) : []);
const text = (value: unknown): string => (typeof value === "string" ? value : "");
const texts = (value: unknown): string[] =>
  Array.isArray(value) ? value.filter((each) => typeof each === "string") : [];

/** headscale's API v1, as far as it takes to have users, keys and a look at the devices. */
export function createControl(url: string, key: Secret, clock: Clock): DevControl {
  const call = async (method: "GET" | "POST", path: string, body?: unknown): Promise<Fields> => {
    const answer = await ask(method, url + path, { bearer: key.reveal(), body, timeout: TIMEOUT }).catch(
      (error: unknown) => {
        throw new DevboxError("TAILNET_FAILED", `headscale does not answer at ${url}.`, {
          why: messageOf(error),
          next: ["See what it says: devbox-ctl tailnet dev status"],
        });
      },
    );
    if (answer.status !== 200) throw refused(answer.status, answer.text);
    try {
      return fields(JSON.parse(answer.text));
    } catch {
      throw refused(answer.status, answer.text);
    }
  };
  return {
    users: async () => {
      const { users } = await call("GET", "/api/v1/user");
      return new Map(list(users).map((user) => [text(user.name), text(user.id)]));
    },
    addUser: async (name) => text(fields((await call("POST", "/api/v1/user", { name })).user).id),
    authKeys: async () => {
      const { preAuthKeys } = await call("GET", "/api/v1/preauthkey");
      return list(preAuthKeys).map((shown) => ({
        prefix: text(shown.key).replace(HIDDEN_END, ""),
        expiresAt: Date.parse(text(shown.expiration)),
      }));
    },
    apiKeys: async () => {
      const { apiKeys } = await call("GET", "/api/v1/apikey");
      return list(apiKeys).map((shown) => ({
        prefix: text(shown.prefix).replace(HIDDEN_END, ""),
        expiresAt: Date.parse(text(shown.expiration)),
      }));
    },
    addAuthKey: async ({ user, tags, reusable, life }) => {
      const { preAuthKey } = await call("POST", "/api/v1/preauthkey", {
        ...(user === undefined ? {} : { user }),
        aclTags: tags,
        reusable,
        ephemeral: true,
        // Without one it has expired already.
        expiration: new Date(clock.now() + life).toISOString(),
      });
      return new Secret(text(fields(preAuthKey).key));
    },
    nodes: async () => list((await call("GET", "/api/v1/node")).nodes).map((node) => nodeFrom(node)),
  };
}

/** headscale gives devices with tags a user of its own, who is nobody. */
function nodeFrom(node: Fields): DevNode {
  const tags = texts(node.tags);
  return {
    id: text(node.id),
    name: text(node.givenName),
    user: tags.length > 0 ? undefined : text(fields(node.user).name),
    tags: tags.sort(),
    addresses: texts(node.ipAddresses),
    online: node.online === true,
  };
}

function refused(status: number, answer: string): DevboxError {
  const unknownKey = status === 401 || status === 403;
  return new DevboxError(
    unknownKey ? "TAILNET_API_REFUSED" : "TAILNET_FAILED",
    unknownKey ? "headscale does not know the API key that was kept." : "headscale did not do what it was asked for.",
    {
      why: `${String(status)}: ${redacted(printable(answer.slice(0, WORDS)))}`,
      next: ["Let it be put right: devbox-ctl tailnet dev up"],
    },
  );
}
