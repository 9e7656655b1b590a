import { HEADER } from "./places.ts";

/** What root may do by SSH: nothing, or come with a key while no administrator could. */
export type RootLogin = "no" | "prohibit-password";

export interface SshdWanted {
  readonly account: string;
  readonly keysFile: string;
  readonly rootLogin: RootLogin;
  /** Whether this sshd can bound what one address does. */
  readonly boundsSources: boolean;
  /** Accounts with a shell whose login is looked at too. */
  readonly people: readonly string[];
}

/**
 * Connections that have not said who they are: sshd's own bound of 10 makes a flood of one user everybody's; with this
 * one, an address has half of the places at most.
 */
const STARTUPS = ["MaxStartups 100:30:200", "PerSourceMaxStartups 50"];

/** sshd accepts authorised keys and nothing else; the service account's keys lead to the gate and no further. */
export function sshdFile({ account, keysFile, rootLogin, boundsSources }: Omit<SshdWanted, "people">): string {
  return [
    HEADER,
    "PubkeyAuthentication yes",
    "AuthenticationMethods publickey",
    "PasswordAuthentication no",
    "KbdInteractiveAuthentication no",
    "HostbasedAuthentication no",
    "GSSAPIAuthentication no",
    "PermitEmptyPasswords no",
    "PermitUserEnvironment no",
    `PermitRootLogin ${rootLogin}`,
    ...(boundsSources ? STARTUPS : []),
    `Match User ${account}`,
    `    AuthorizedKeysFile ${keysFile}`,
    "    AuthorizedKeysCommand none",
    "    AuthorizedPrincipalsFile none",
    "    TrustedUserCAKeys none",
    "    DisableForwarding yes",
    // By which key somebody came: a connection outlives the key's removal.
    "    ExposeAuthInfo yes",
    "    PermitUserRC no",
    "    PermitTTY yes",
    "Match all",
    "",
  ].join("\n");
}

/** A setting that has to be in force for somebody who logs in. */
export interface InForce {
  readonly user: string;
  readonly settings: Readonly<Record<string, string>>;
}

/** What `sshd -T -C user=…` has to say once the file is in place. */
export function inForce({ account, keysFile, rootLogin, people }: SshdWanted): InForce[] {
  const keysOnly = {
    authenticationmethods: "publickey",
    kbdinteractiveauthentication: "no",
    passwordauthentication: "no",
    permituserenvironment: "no",
    pubkeyauthentication: "yes",
  };
  const own = { authorizedkeysfile: keysFile, disableforwarding: "yes", permituserrc: "no", trustedusercakeys: "none" };
  return [
    { user: account, settings: { ...keysOnly, ...own, authorizedkeyscommand: "none" } },
    // Written so or as `without-password`, by version.
    { user: "root", settings: { ...keysOnly, permitrootlogin: rootLogin } },
    ...people.map((user) => ({ user, settings: keysOnly })),
  ];
}

/** A setting that is not as it should be. */
export interface NotInForce {
  readonly user: string;
  readonly setting: string;
  readonly wanted: string;
  readonly found: string;
}

/** @param text what `sshd -T -C user=…` printed */
export function notInForce({ user, settings }: InForce, text: string): NotInForce[] {
  const found = new Map(
    text.split("\n").map((line) => {
      const space = line.indexOf(" ");
      return [line.slice(0, space).toLowerCase(), line.slice(space + 1).trim()];
    }),
  );
  return Object.entries(settings).flatMap(([setting, wanted]) => {
    const value = found.get(setting) ?? "";
    const says = value === "without-password" ? "prohibit-password" : value;
    return says === wanted ? [] : [{ user, setting, wanted, found: says }];
  });
}
