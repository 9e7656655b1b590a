import type { Config } from "@oclif/core/config";
import type { Interfaces } from "@oclif/core";

/** The program's commands by oclif's id; each is evaluated when it is asked for. */
export type CommandTable = Readonly<Record<string, RunnableCommand>>;

/** An oclif command class, as far as it is needed to run it. */
type RunnableCommand = { id: string } & (new (argv: string[], config: Config) => { _run(): Promise<unknown> });

/** Commands that need oclif's whole knowledge of the program: what others there are, and how they are used. */
const NEEDS_CONFIG = new Set(["help", "complete", "completion"]);

/**
 * Runs a command that is named by its first word, without oclif's search for plugins, topics, aliases and hooks, of
 * which this program has none: that would take every command some 20 ms. Arguments are parsed by oclif as ever.
 * @returns false when the words ask for something else (help, a topic, a mistyped command), and nothing was done
 */
export async function runDirectly(
  commands: CommandTable,
  argv: readonly string[],
  options: Interfaces.Options,
): Promise<boolean> {
  const [id = "", ...words] = argv;
  const own = words.includes("--") ? words.slice(0, words.indexOf("--")) : words;
  const asksForHelp = own.some((word) => word === "--help" || word === "-h");
  if (asksForHelp || NEEDS_CONFIG.has(id) || !Object.hasOwn(commands, id)) return false;
  const command = commands[id];
  if (command === undefined) return false;
  command.id = id;
  await new command(words, standIn(options))._run();
  return true;
}

/** What a command reads of oclif's configuration while it runs. */
function standIn(options: Interfaces.Options): Config {
  const { name, version } = options.pjson ?? {};
  return {
    bin: name,
    name,
    pjson: options.pjson,
    root: options.root,
    userAgent: `${String(name)}/${String(version)}`,
    topicSeparator: ":",
    runHook: () => Promise.resolve({ successes: [], failures: [] }),
    scopedEnvVar: () => undefined,
    scopedEnvVarKeys: () => [],
    scopedEnvVarKey: () => "",
  } as unknown as Config;
}
