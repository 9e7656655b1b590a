import { globSync } from "node:fs";
import path from "node:path";
import { pathToFileURL } from "node:url";
import packageJson from "../../../package.json" with { type: "json" };

/** What is documented of a command, read from its class, so that no build is needed. */
export interface DocumentedCommand {
  /** Words with blanks between them. */
  readonly id: string;
  readonly hidden: boolean;
  readonly summary: string | undefined;
  readonly description: string | undefined;
  readonly usage: string | undefined;
  readonly aliases: readonly string[];
  readonly examples: readonly string[];
  readonly args: readonly DocumentedArg[];
  readonly flags: readonly DocumentedFlag[];
  readonly json: boolean;
}

interface DocumentedArg {
  readonly name: string;
  readonly description: string | undefined;
  readonly required: boolean;
  readonly options: readonly string[];
}

interface DocumentedFlag {
  readonly name: string;
  readonly char: string | undefined;
  readonly text: string | undefined;
  readonly value: string | undefined;
  readonly allowNo: boolean;
  readonly isGlobal: boolean;
}

interface FlagClass {
  readonly type: "boolean" | "option";
  readonly char?: string;
  readonly summary?: string;
  readonly description?: string;
  readonly helpValue?: string;
  readonly helpGroup?: string;
  readonly allowNo?: boolean;
  readonly hidden?: boolean;
}

/** The static side of an oclif command, as far as it is documented. */
interface CommandClass {
  readonly hidden?: boolean;
  readonly summary?: string;
  readonly description?: string;
  readonly usage?: string;
  readonly aliases?: readonly string[];
  readonly examples?: readonly string[];
  readonly args?: Readonly<Record<string, { description?: string; required?: boolean; options?: readonly string[] }>>;
  readonly flags?: Readonly<Record<string, FlagClass>>;
  readonly baseFlags?: Readonly<Record<string, FlagClass>>;
  readonly enableJsonFlag?: boolean;
}

/** All commands below src/commands, by id. */
export async function readCommands(root: string): Promise<DocumentedCommand[]> {
  const folder = path.join(root, "src/commands");
  const files = globSync("**/*.ts", { cwd: folder }).sort();
  return Promise.all(
    files.map(async (file) => {
      const module = (await import(pathToFileURL(path.join(folder, file)).href)) as { default: CommandClass };
      return documented(file.replace(/\.ts$/, "").split(path.sep).join(" "), module.default);
    }),
  );
}

function documented(id: string, command: CommandClass): DocumentedCommand {
  const withProgram = (text: string) => text.replaceAll("<%= config.bin %>", "devbox-ctl");
  const args = Object.entries(command.args ?? {}).map(([name, { description, required, options }]) => {
    return { name, description, required: required ?? false, options: options ?? [] };
  });
  const flags = Object.entries({ ...command.flags, ...command.baseFlags })
    .filter(([, flag]) => flag.hidden !== true)
    .map(([name, flag]) => documentedFlag(name, flag));
  return {
    id,
    hidden: command.hidden ?? false,
    summary: command.summary,
    description: command.description,
    usage: command.usage,
    aliases: command.aliases ?? [],
    examples: (command.examples ?? []).map(withProgram),
    args,
    flags,
    json: command.enableJsonFlag ?? false,
  };
}

function documentedFlag(name: string, flag: FlagClass): DocumentedFlag {
  return {
    name,
    char: flag.char,
    text: flag.summary ?? flag.description,
    value: flag.type === "boolean" ? undefined : (flag.helpValue ?? "VALUE"),
    allowNo: flag.allowNo ?? false,
    isGlobal: flag.helpGroup === "GLOBAL",
  };
}

/** docs/commands.md */
export function commandsPage(commands: readonly DocumentedCommand[]): string {
  const shown = commands.filter((command) => !command.hidden);
  const topics = Object.entries(packageJson.oclif.topics);
  const rows = shown.map(({ id, summary = "" }) => `| [\`${id}\`](#${id.replaceAll(" ", "-")}) | ${summary} |`);
  return [
    "# Commands",
    "",
    "`devbox-ctl help` and `devbox-ctl help COMMAND` say the same on the terminal. Exit codes: [exit-codes.md](exit-codes.md).",
    "",
    "| command | what it does |",
    "| --- | --- |",
    ...rows,
    "",
    `Topics: ${topics.map(([name, { description }]) => `\`${name}\` (${lowerFirst(description)})`).join(", ")}.`,
    "",
    "## Flags of every command",
    "",
    ...flagTable(shown.flatMap(({ flags }) => flags.filter(({ isGlobal }) => isGlobal)).filter(firstOfItsName)),
    "| `--json` | The result as JSON on standard output; not for `ssh`, `exec` and `logs`. See [scripting.md](scripting.md) |",
    "| `-h`, `--help` | How the command is used |",
    "",
    ...shown.flatMap((command) => section(command)),
  ].join("\n");
}

function section(command: DocumentedCommand): string[] {
  const { id, summary, description, aliases, args, examples } = command;
  const flags = command.flags.filter(({ isGlobal }) => !isGlobal);
  return [
    `## ${id}`,
    "",
    `${summary ?? ""}.${description === undefined ? "" : ` ${description}`}`,
    "",
    ...(aliases.length === 0 ? [] : [`Also called ${aliases.map((alias) => `\`${alias}\``).join(", ")}.`, ""]),
    "```",
    usageLine(command),
    "```",
    "",
    ...(args.length === 0 ? [] : ["| argument | meaning |", "| --- | --- |", ...args.map(argRow), ""]),
    ...(flags.length === 0 ? [] : [...flagTable(flags), ""]),
    "Examples:",
    "",
    "```sh",
    ...examples,
    "```",
    "",
  ];
}

function usageLine({ id, usage, args, flags }: DocumentedCommand): string {
  const words = args.map(({ name, required }) => (required ? name.toUpperCase() : `[${name.toUpperCase()}]`));
  const own = flags.filter(({ isGlobal }) => !isGlobal).map((flag) => `[${flagWord(flag)}]`);
  return `devbox-ctl ${usage ?? [id, ...words, ...own].join(" ")}`;
}

function argRow({ name, description = "", required, options }: DocumentedArg): string {
  const choice = options.length === 0 ? "" : `: ${options.join(", ")}`;
  return `| \`${name.toUpperCase()}\` | ${description}${choice}${required ? "" : " (may be left out)"} |`;
}

function flagTable(flags: readonly DocumentedFlag[]): string[] {
  return ["| flag | meaning |", "| --- | --- |", ...flags.map((flag) => flagRow(flag))];
}

function flagRow(flag: DocumentedFlag): string {
  const char = flag.char === undefined ? "" : `\`-${flag.char}\`, `;
  return `| ${char}\`${flagWord(flag)}\` | ${flag.text ?? ""} |`;
}

function flagWord({ name, value, allowNo }: DocumentedFlag): string {
  return `--${allowNo ? "[no-]" : ""}${name}${value === undefined ? "" : ` ${value}`}`;
}

function firstOfItsName(flag: DocumentedFlag, index: number, all: readonly DocumentedFlag[]): boolean {
  return all.findIndex(({ name }) => name === flag.name) === index;
}

function lowerFirst(text: string): string {
  return text.charAt(0).toLowerCase() + text.slice(1);
}
