import { cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import { DevboxError } from "../../core/errors.ts";
import { PLACES } from "../../core/host/places.ts";
import { inForce, notInForce, type NotInForce, type SshdWanted } from "../../core/host/sshd.ts";
import { wordsOf } from "./calls.ts";
import { run } from "./run.ts";

const DIR = "/etc/ssh";
const MAIN = `${DIR}/sshd_config`;
const DROP_INS = `${DIR}/sshd_config.d`;

const NO_SSHD = "Leave sshd as it is: devbox-ctl host setup --no-sshd";

/**
 * Looks through a copy of the whole configuration with our file in it.
 * @throws {DevboxError} HOST_SETUP when sshd refuses it, or another setting would win
 */
export async function checkSshd(text: string, wanted: SshdWanted): Promise<void> {
  needPrivilegeDirectory();
  const copy = mkdtempSync("/run/devbox-ctl-sshd-");
  try {
    const dropIns = join(copy, "sshd_config.d");
    if (existsSync(DROP_INS)) cpSync(DROP_INS, dropIns, { recursive: true, dereference: true });
    else mkdirSync(dropIns);
    writeFileSync(join(dropIns, basename(PLACES.sshd)), text, { mode: 0o600 });
    const main = join(copy, "sshd_config");
    writeFileSync(main, redirected(readFileSync(MAIN, "utf8"), dropIns), { mode: 0o600 });
    await proveSshd(wanted, main);
  } finally {
    rmSync(copy, { recursive: true, force: true });
  }
}

/** The main file with what it includes from the usual directory taken from another one. */
function redirected(text: string, dropIns: string): string {
  const place = (word: string) => {
    const path = word.startsWith("/") ? word : `${DIR}/${word}`;
    return path.startsWith(`${DROP_INS}/`) ? dropIns + path.slice(DROP_INS.length) : path;
  };
  return text
    .split("\n")
    .map((line) => {
      const [, include, words = ""] = /^(\s*include\s+)(.*)$/i.exec(line) ?? [];
      if (include === undefined) return line;
      return include + words.replaceAll('"', "").trim().split(/\s+/).map(place).join(" ");
    })
    .join("\n");
}

/** sshd will not look through anything without it; systemd makes it when the service starts. */
function needPrivilegeDirectory(): void {
  if (existsSync("/etc/debian_version")) mkdirSync("/run/sshd", { recursive: true, mode: 0o755 });
}

/**
 * Asks sshd what is in force for the account, for root and for people.
 * @param file its configuration; undefined: the one that is in place
 * @throws {DevboxError} HOST_SETUP
 */
export async function proveSshd(wanted: SshdWanted, file?: string): Promise<void> {
  const from = file === undefined ? [] : ["-f", file];
  const test = await run(["sshd", "-t", ...from]);
  if (test.exitCode !== 0) throw refused("sshd refuses its configuration.", wordsOf(test), [NO_SSHD]);
  for (const each of inForce(wanted)) {
    const asked = await run(["sshd", "-T", ...from, "-C", `user=${each.user},host=localhost,addr=127.0.0.1`]);
    if (asked.exitCode !== 0) throw refused("sshd does not say what is in force.", wordsOf(asked), [NO_SSHD]);
    const [first] = notInForce(each, asked.stdout);
    if (first !== undefined) throw overruled(first);
  }
}

function overruled({ user, setting, wanted, found }: NotInForce): DevboxError {
  const others = filesWith(setting).filter((file) => file !== PLACES.sshd);
  const includes = /^\s*include\s.*sshd_config\.d/im.test(readFileSync(MAIN, "utf8"));
  const next = includes
    ? others.map((file) => `Take ${setting} out of ${file}, or keep it there and use --no-sshd`)
    : [`Make this the first line of ${MAIN}: Include ${DROP_INS}/*.conf`];
  const why = `For ${user}, ${setting} would be "${found}" and not "${wanted}".`;
  return refused("another setting of sshd's would win over the orchestrator's.", why, [...next, NO_SSHD]);
}

/** Files that set something, in the order in which sshd reads them. */
function filesWith(setting: string): string[] {
  const dropIns = existsSync(DROP_INS) ? readdirSync(DROP_INS).filter((name) => name.endsWith(".conf")) : [];
  const files = [...dropIns.sort().map((name) => join(DROP_INS, name)), MAIN];
  const line = new RegExp(String.raw`^\s*${setting}[\s=]`, "im");
  return files.filter((file) => line.test(readFileSync(file, "utf8")));
}

function refused(message: string, why: string, next: readonly string[]): DevboxError {
  return new DevboxError("HOST_SETUP", `${message} Nothing of it was changed.`, { why, next });
}

/** Has the sshd that runs read its configuration; sessions that are open stay. */
export async function reloadSshd(): Promise<void> {
  for (const unit of ["ssh.service", "sshd.service"]) {
    if ((await run(["systemctl", "is-active", "--quiet", unit])).exitCode !== 0) continue;
    await run(["systemctl", "reload", unit]);
    return;
  }
}
