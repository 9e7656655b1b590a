/** What oclif knows of a command, as far as completion needs it; ids have colons between their words. */
export interface CommandFacts {
  readonly id: string;
  readonly hidden?: boolean | undefined;
  readonly summary?: string | undefined;
  readonly args: Readonly<Record<string, { readonly name: string; readonly options?: readonly string[] | undefined }>>;
  readonly flags: Readonly<Record<string, FlagFacts>>;
}

interface FlagFacts {
  readonly name: string;
  readonly type: "boolean" | "option";
  readonly char?: string | undefined;
  readonly summary?: string | undefined;
  readonly description?: string | undefined;
  readonly hidden?: boolean | undefined;
  readonly allowNo?: boolean | undefined;
  readonly helpValue?: string | readonly string[] | undefined;
}

/** What is offered for an argument or the value of a flag. */
export type Offer =
  | { readonly kind: "none" | "box" | "volume" | "image" | "archive" | "archived" | "file" | "copy" | "command" }
  | { readonly kind: "words"; readonly words: readonly string[] };

interface Flag {
  /** With its hyphens. */
  readonly name: string;
  readonly char: string | undefined;
  readonly summary: string;
  /** What its value may be; undefined when it takes none. */
  readonly value: Offer | undefined;
}

/** A command, or a topic, whose words say which. */
export interface Entry {
  /** Words with blanks between them. */
  readonly path: string;
  readonly summary: string;
  readonly flags: readonly Flag[];
  readonly args: readonly Offer[];
}

export interface CompletionModel {
  readonly entries: readonly Entry[];
}

const FLAG_VALUES: Readonly<Record<string, Offer>> = {
  FILE: { kind: "file" },
  IMAGE: { kind: "image" },
  VOLUME: { kind: "volume" },
  ARCHIVE: { kind: "archive" },
};

const ARGUMENTS: Readonly<Record<string, Offer>> = {
  name: { kind: "box" },
  volume: { kind: "volume" },
  archive: { kind: "archive" },
  file: { kind: "file" },
  src: { kind: "copy" },
  dst: { kind: "copy" },
};

/** What there is to complete, from what oclif knows of the commands. */
export function completionModel(
  commands: readonly CommandFacts[],
  topics: readonly { readonly name: string; readonly description?: string | undefined }[],
): CompletionModel {
  const shown = commands.filter((command) => command.hidden !== true).map((command) => entryOf(command));
  const named = new Set(shown.map(({ path }) => path));
  const groups = topics
    .map(({ name, description = "" }) => ({ path: words(name), summary: description, flags: [], args: [] }))
    .filter(({ path }) => !named.has(path) && shown.some((entry) => entry.path.startsWith(`${path} `)));
  return { entries: [...shown, ...groups].sort((a, b) => (a.path < b.path ? -1 : 1)) };
}

/** The entries one word below a path; `""` is the program itself. */
export function below({ entries }: CompletionModel, path: string): { word: string; summary: string }[] {
  const start = path === "" ? "" : `${path} `;
  return entries
    .filter((entry) => entry.path.startsWith(start) && !entry.path.slice(start.length).includes(" "))
    .map((entry) => ({ word: entry.path.slice(start.length), summary: entry.summary }));
}

/** Flags that take a value, each once; a flag means the same wherever it is. */
export function valuedFlags({ entries }: CompletionModel): { name: string; value: Offer }[] {
  const found = new Map<string, Offer>();
  for (const { name, value } of entries.flatMap((entry) => entry.flags)) if (value) found.set(name, value);
  return [...found].map(([name, value]) => ({ name, value }));
}

function words(id: string): string {
  return id.replaceAll(":", " ");
}

function entryOf(command: CommandFacts): Entry {
  return {
    path: words(command.id),
    summary: command.summary ?? "",
    flags: Object.values(command.flags).flatMap((flag) => flagsOf(flag)),
    args: argumentsOf(command),
  };
}

function flagsOf(flag: FlagFacts): Flag[] {
  if (flag.hidden === true) return [];
  const summary = flag.summary ?? flag.description ?? "";
  const value =
    flag.type === "boolean" ? undefined : (FLAG_VALUES[String(flag.helpValue)] ?? ({ kind: "none" } as const));
  const given: Flag = { name: `--${flag.name}`, char: flag.char && `-${flag.char}`, summary, value };
  return flag.allowNo === true ? [given, { ...given, name: `--no-${flag.name}`, char: undefined }] : [given];
}

function argumentsOf(command: CommandFacts): Offer[] {
  if (command.id === "help") return [{ kind: "command" }];
  return Object.values(command.args).map(({ name, options }): Offer => {
    if (options) return { kind: "words", words: options };
    // The name of a box that is to be made is nobody's to offer.
    if (command.id === "create") return { kind: "none" };
    return command.id === "restore" ? { kind: "archived" } : (ARGUMENTS[name] ?? { kind: "none" });
  });
}
