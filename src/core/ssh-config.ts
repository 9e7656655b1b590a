import { DevboxError } from "./errors.ts";
import { IMAGE } from "./image-contract.ts";
import { checkName } from "./name.ts";
import { quote } from "./text.ts";

/** What OpenSSH knows boxes by. A dot is never in the name of a box, so this is never the end of one. */
const SSH_SUFFIX = ".devbox";

/** The box that OpenSSH means by a host name: `api.devbox` is `api`, and so is `api`. */
export function boxOfHost(host: string): string {
  return host.endsWith(SSH_SUFFIX) ? host.slice(0, -SSH_SUFFIX.length) : host;
}

/** What one types who has no devbox-ctl, only a key of the service account; HOST as they gave it to ssh. */
export const SSH_CONFIG_THERE = "ssh HOST ssh-config --host HOST >> ~/.ssh/config";

/**
 * How a connection reaches the host that boxes run on: not at all (`local`), with a key of the service account, which
 * leads to devbox-ctl and nowhere else (`key`), or by somebody's own account there (`account`).
 */
export type SshWay = { readonly kind: "local" } | { readonly kind: "key" | "account"; readonly host: string };

/** A host as ssh takes it: HOST, USER@HOST or ssh://USER@HOST:PORT. Nothing that a shell or ssh could read otherwise. */
const DESTINATION =
  /^(?:ssh:\/\/)?(?:([A-Za-z0-9_][A-Za-z0-9_.-]*)@)?(?:[A-Za-z0-9_][A-Za-z0-9_.:-]*|\[[0-9A-Fa-f:.]+\](?::\d+)?)$/;

/**
 * The way to a host.
 * @param serviceUser whose keys lead to devbox-ctl itself; everybody else has a shell there
 * @throws {DevboxError} USAGE for what is no host
 */
export function wayTo(host: string, serviceUser: string): SshWay {
  const match = DESTINATION.exec(host);
  if (match === null) {
    throw new DevboxError("USAGE", `${quote(host)} is no host that ssh can be given.`, {
      next: ["Name it as ssh does: --host alice@example.com, or --host ssh://alice@example.com:2222"],
    });
  }
  return { kind: match[1] === serviceUser ? "key" : "account", host };
}

/** The error for one who comes by a key: what they asked for is for their own machine, and how it reaches us is theirs to say. */
export function hostNotNamed(): DevboxError {
  return new DevboxError("USAGE", "say by which name your machine reaches this host.", {
    why: "You came by a key; the section for this machine would be of no use on yours.",
    next: [`With HOST as you type it, devbox@… : ${SSH_CONFIG_THERE}`],
  });
}

/** A section of ssh_config. */
export interface SshStanza {
  readonly host: string;
  /** In their order. */
  readonly options: Readonly<Record<string, string>>;
}

/** Our own words to ssh: no terminal, agent, X11 or forwarding for the way there, whatever its settings say. */
const OUTER = "ssh -Tax -o ClearAllForwardings=yes";

/** Where keys of boxes are kept. */
export const KNOWN_HOSTS = `~/.ssh/known_hosts${SSH_SUFFIX}`;

const STDIO = "ssh --stdio %n";

/**
 * What makes OpenSSH, and all that works by it, reach boxes.
 * @param name one box, or undefined for all
 * @throws {DevboxError} INVALID_NAME
 */
export function sshStanza(way: SshWay, name: string | undefined): SshStanza {
  const proxy = {
    local: () => `devbox-ctl ${STDIO}`,
    key: (host: string) => `${OUTER} ${host} ${STDIO}`,
    account: (host: string) => `${OUTER} ${host} devbox-ctl ${STDIO}`,
  };
  return {
    host: `${name === undefined ? "*" : checkName(boxOfHost(name))}${SSH_SUFFIX}`,
    options: {
      User: IMAGE.user.name,
      ProxyCommand: way.kind === "local" ? proxy.local() : proxy[way.kind](way.host),
      UserKnownHostsFile: KNOWN_HOSTS,
      StrictHostKeyChecking: "accept-new",
      ForwardAgent: "no",
    },
  };
}
