import { execaSync } from "execa";

/** Milliseconds that a directory service (LDAP, SSSD) has to answer. */
const LIMIT = 5000;

/** One line of a system database, from wherever this host keeps it; undefined when there is none. */
export function getent(database: "passwd" | "group", key: string): string | undefined {
  const { exitCode, stdout } = execaSync("getent", ["--", database, key], {
    reject: false,
    stdin: "ignore",
    timeout: LIMIT,
    verbose: "none",
  });
  return exitCode === 0 && stdout !== "" ? stdout : undefined;
}
