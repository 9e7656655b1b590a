import { auditedProgram } from "../core/audit.ts";
import type { ErrorCode } from "../core/errors.ts";
import { copySide } from "../core/home-path.ts";
import { boxOfHost } from "../core/ssh-config.ts";
import type { Audited } from "../usecases/audit/record.ts";
import { splitCommand } from "./command-line.ts";

/** What a command line said, as oclif read it. */
export interface Words {
  readonly args: Readonly<Record<string, unknown>>;
  readonly flags: Readonly<Record<string, unknown>>;
  /** All words after the command's own. */
  readonly argv: readonly string[];
}

type Details = Partial<Pick<Audited, "box" | "handsOver" | "makesBox" | "what">>;

const text = (value: unknown): string | undefined =>
  typeof value === "string" ? value : Array.isArray(value) ? value.join(" ") : undefined;
const box = ({ args }: Words): Details => ({ box: text(args.name) });
const boxAnd = (what: (words: Words) => unknown) => (words: Words) => ({ ...box(words), what: text(what(words)) });
const only = (what: (words: Words) => unknown) => (words: Words) => ({ what: text(what(words)) });

/** What is written down of each command that acts on a box or changes something, by oclif's id. */
const AUDITED: Readonly<Record<string, (words: Words) => Details | undefined>> = {
  create: ({ args }) => ({ box: text(args.name), makesBox: true }),
  start: box,
  stop: box,
  restart: box,
  rebuild: box,
  destroy: boxAnd(({ flags }) =>
    flags["keep-volume"] === true ? "--keep-volume" : flags.archive === true ? "--archive" : undefined,
  ),
  restore: ({ args, flags }) => ({
    ...{ box: text(flags.as) ?? text(args.name), makesBox: true },
    what: text([flags.as === undefined ? undefined : args.name, flags.from].filter((word) => word !== undefined)),
  }),
  "archive:remove": only(({ args }) => args.archive),
  "hand-over": (words) => ({ ...box(words), what: text(words.flags.to), handsOver: true }),
  ssh: (words) => (words.flags.stdio === true ? spokenTo(words) : ran(words)),
  exec: ran,
  cp: copied,
  transfer: transferred,
  hold: held,
  release: box,
  "schedule:set": boxAnd(({ flags }) => given(flags, ["start", "stop", "tz"])),
  "schedule:clear": box,
  "policy:set": boxAnd(({ flags }) => given(flags, ["stop-after", "destroy-after"])),
  "policy:clear": box,
  logs: boxAnd(({ flags }) => flags.service),
  "port-forward": boxAnd(({ argv }) => argv.filter((word) => /^[\d:]+$/.test(word))),
  open: boxAnd(({ flags }) => flags.port),
  "rotate-key": boxAnd(({ flags }) => (flags.all === true ? "--all" : undefined)),
  "service:enable": boxAnd(({ args }) => args.service),
  "service:disable": boxAnd(({ args }) => args.service),
  "syncthing:enable": box,
  "syncthing:disable": box,
  "syncthing:pair": box,
  "syncthing:unpair": box,
  "syncthing:password": box,
  "volume:remove": only(({ args }) => args.volume),
  "tailnet:cleanup": only(({ flags }) => flags.forget),
  "image:build": only(() => undefined),
  "image:load": only(({ args }) => args.file),
  "image:prune": unlessDry,
  "image:prepare": only(() => undefined),
  resume: unlessDry,
  reap: unlessDry,
  doctor: ({ flags }) => (flags.fix === true ? { what: "--fix" } : undefined),
  "notify:test": only(({ flags }) => flags.user),
  "user:add-key": only(({ args }) => args.user),
  "user:remove-key": only(({ args }) => args.user),
  "user:remove": only(({ args, flags }) => [args.user, flags.boxes, flags.to].filter((word) => word !== undefined)),
};

/** What is written down of a command, or undefined for one that only looks. */
export function auditedCommand(id: string, words: Words): Audited | undefined {
  const details = Object.hasOwn(AUDITED, id) ? AUDITED[id]?.(words) : undefined;
  return details === undefined ? undefined : audited(id, details);
}

/** What is written down of any command that was refused. */
export function refusedCommand(id: string, words: Words): Audited {
  return audited(id, box(words));
}

/** Errors by which people learn that something is not theirs to have. */
const REFUSALS: readonly string[] = [
  "NOT_PERMITTED",
  "BOX_NOT_FOUND",
  "VOLUME_NOT_FOUND",
  "ARCHIVE_NOT_FOUND",
] satisfies readonly ErrorCode[];

/** Whether an error says that something is not there or not theirs, between which nobody is to see a difference. */
export function isRefusal(code: string | undefined): boolean {
  return code !== undefined && REFUSALS.includes(code);
}

function audited(id: string, details: Details): Audited {
  return { command: id.replaceAll(":", " "), box: undefined, makesBox: false, what: undefined, ...details };
}

function unlessDry({ flags }: Words): Details | undefined {
  return flags["dry-run"] === true ? undefined : {};
}

/** A session in a box: of what it runs the program alone. */
function ran(words: Words): Details {
  return { ...box(words), what: auditedProgram(splitCommand(words.argv).command) };
}

/** A hold: how long, and of a command the program alone. */
function held(words: Words): Details {
  const program = words.flags.while === true ? auditedProgram(splitCommand(words.argv).command) : undefined;
  const flags = given(words.flags, ["for", "until", "while"]);
  return { ...box(words), what: program === undefined ? text(flags) : `${flags.join(" ")} ${program}` };
}

/** The flags of these that were given, with their values. */
function given(flags: Words["flags"], names: readonly string[]): string[] {
  return names.flatMap((name) => {
    const value = flags[name];
    return value === true ? [`--${name}`] : typeof value === "string" ? [`--${name}`, value] : [];
  });
}

/** A box that an SSH client speaks to, by the name that it has for it. */
function spokenTo({ args }: Words): Details {
  return { box: boxOfHost(text(args.name) ?? ""), what: "--stdio" };
}

/** Which way a copy goes, and the path in the box. */
function copied({ args }: Words): Details {
  const [dst, src] = [args.dst, args.src].map((side) => copySide(text(side) ?? ""));
  if (dst?.kind === "box") return { box: dst.box, what: `to ${dst.path}` };
  return src?.kind === "box" ? { box: src.box, what: `from ${src.path}` } : {};
}

/** The same of the half of a copy that is done on the other side of the boundary. */
function transferred({ argv }: Words): Details {
  const [name, verb] = argv;
  return { box: name, what: `${verb === "send" ? "from" : "to"} ${argv.at(-1) ?? ""}` };
}
