import { nearest } from "../core/nearest.ts";
import { count, printable, quote } from "../core/text.ts";
import { EXIT } from "../core/exit-codes.ts";

/** What was wrong with the arguments of a command, in the three parts of every error. */
export interface UsageError {
  readonly message: string;
  readonly why: string | undefined;
  readonly next: readonly string[];
}

/** The parts of oclif's complaints that say what was wrong. */
interface Complaint {
  readonly flags?: readonly string[];
  readonly args?: readonly (string | { readonly name: string; readonly description?: string })[];
  readonly parse?: { readonly input?: { readonly flags?: Readonly<Record<string, FlagShape>> } };
  readonly oclif?: { readonly exit?: number };
}

interface FlagShape {
  readonly allowNo?: boolean;
}

/** Reads a complaint of oclif's about the arguments; undefined for anything else. */
export function usageError(error: unknown, command: string | undefined): UsageError | undefined {
  if (!(error instanceof Error)) return undefined;
  const complaint = error as Error & Complaint;
  if (complaint.oclif?.exit !== EXIT.usage) return undefined;
  const help = command === undefined ? "devbox-ctl help" : `devbox-ctl help ${command.replaceAll(":", " ")}`;
  const next = [`See how it is used: ${help}`];
  if (complaint.flags) return unknownFlags(complaint.flags, complaint.parse?.input?.flags ?? {}, next);
  if (complaint.args) return wrongArguments(complaint.args, command, next);
  return { ...reworded(complaint.message), next };
}

function unknownFlags(
  flags: readonly string[],
  known: Readonly<Record<string, FlagShape>>,
  next: readonly string[],
): UsageError {
  const names = Object.entries(known).flatMap(([name, flag]) =>
    flag.allowNo === true ? [name, `no-${name}`] : [name],
  );
  const near = flags.flatMap((flag) => nearest(flag.replace(/^-+/, "").replace(/=.*$/s, ""), names) ?? []);
  const hint = near.map((name) => `Did you mean --${name}?`);
  const message =
    flags.length === 1
      ? `there is no flag ${flags.map(quote).join("")}.`
      : `unknown flags: ${flags.map(quote).join(", ")}.`;
  return { message, why: undefined, next: [...hint, ...next] };
}

function wrongArguments(
  args: NonNullable<Complaint["args"]>,
  command: string | undefined,
  next: readonly string[],
): UsageError {
  const extra = args.filter((arg) => typeof arg === "string");
  if (extra.length > 0) {
    const words = extra.map(quote).join(", ");
    const hint =
      command === "exec" || command === "ssh" || command === "hold"
        ? [
            `The command for the box follows --: devbox-ctl ${command} NAME${command === "hold" ? " --while" : ""} -- COMMAND`,
          ]
        : [];
    return { message: `too many arguments: ${words}.`, why: undefined, next: [...hint, ...next] };
  }
  const missing = args.filter((arg) => typeof arg !== "string");
  const lines = missing.map(({ name, description }) => `${name.toUpperCase()}   ${description ?? ""}`.trimEnd());
  return { message: `${count(missing.length, "argument")} missing.`, why: lines.join("\n"), next };
}

/** oclif's own sentences about the value of a flag, in ours. */
function reworded(text: string): Omit<UsageError, "next"> {
  const [all = ""] = text.split("\nSee more help");
  const said = all.replace(/^The following errors? occurred:\s*/, "");
  const value = /^Parsing (--[\w-]+) \n\t([^]*)$/.exec(said);
  if (value) return { message: `the value of ${value[1] ?? ""} is wrong.`, why: printable(value[2] ?? "") };
  const none = /^Flag (--[\w-]+) expects a value$/.exec(said);
  if (none) return { message: `${none[1] ?? ""} needs a value.`, why: undefined };
  const twice = /^Flag (--[\w-]+) can only be specified once$/.exec(said);
  if (twice) return { message: `${twice[1] ?? ""} is given twice.`, why: undefined };
  const needs = /^All of the following must be provided when using (--[\w-]+): (.*)$/.exec(said);
  if (needs) return { message: `${needs[1] ?? ""} goes with ${needs[2] ?? ""} alone.`, why: undefined };
  const both = /^(--[\w-]+)=[^]* cannot also be provided when using (--[\w-]+)$/.exec(said);
  if (both) return { message: `${both[1] ?? ""} and ${both[2] ?? ""} do not go together.`, why: undefined };
  const choice = /^Expected ([^]*) to be one of: (.*)$/.exec(said);
  if (choice) return { message: `${quote(choice[1] ?? "")} is none of: ${choice[2] ?? ""}.`, why: undefined };
  return { message: said.split("\n").map(printable).join("\n").trim(), why: undefined };
}
