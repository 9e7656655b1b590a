import { DevboxError } from "../core/errors.ts";
import { nearest } from "../core/nearest.ts";
import { quote } from "../core/text.ts";

/** What oclif knows of the commands; ids have colons between their words. */
export interface KnownCommands {
  readonly commandIDs: readonly string[];
  readonly topics: readonly { readonly name: string }[];
}

/** Words of similar tools, and what they are here. */
const SYNONYMS: Readonly<Record<string, string>> = {
  attach: "ssh",
  copy: "cp",
  delete: "destroy",
  down: "stop",
  enter: "ssh",
  info: "status",
  inspect: "status",
  new: "create",
  ps: "list",
  remove: "destroy",
  rm: "destroy",
  run: "exec",
  shell: "ssh",
  up: "start",
};

/** The error for words that name no command, or undefined when they do. */
export function unknownCommand(argv: readonly string[], known: KnownCommands): DevboxError | undefined {
  const flag = argv.findIndex((word) => word.startsWith("-"));
  const words = flag === -1 ? argv : argv.slice(0, flag);
  const [first] = words;
  if (first === undefined) return flagFirst(argv[0] ?? "");
  const command = longest(words, new Set(known.commandIDs));
  if (command > 0) return command < words.length ? extraWords(words, command) : undefined;
  const topic = longest(words, new Set(known.topics.map(({ name }) => name)));
  return topic < words.length ? notThere(words, topic, known) : undefined;
}

/** How many of the leading words, at most, make a known id. */
function longest(words: readonly string[], ids: ReadonlySet<string>): number {
  for (let length = words.length; length > 0; length -= 1) {
    if (ids.has(words.slice(0, length).join(":"))) return length;
  }
  return 0;
}

function flagFirst(flag: string): DevboxError {
  return new DevboxError("USAGE", `there is no flag ${quote(flag)} before the command.`, {
    next: ["Flags come after the command: devbox-ctl list --json", "See the commands: devbox-ctl help"],
  });
}

function extraWords(words: readonly string[], length: number): DevboxError {
  const id = words.slice(0, length).join(" ");
  const extra = words.slice(length).map(quote).join(", ");
  return new DevboxError("USAGE", `${id} takes no arguments, but was given ${extra}.`, {
    next: [`See how it is used: devbox-ctl help ${id}`],
  });
}

function notThere(words: readonly string[], length: number, known: KnownCommands): DevboxError {
  const before = words.slice(0, length);
  const word = words[length] ?? "";
  const siblings = new Set([...known.commandIDs, ...known.topics.map(({ name }) => name)].flatMap(wordAfter(before)));
  const near = nearest(word, siblings) ?? (length === 0 && Object.hasOwn(SYNONYMS, word) ? SYNONYMS[word] : undefined);
  const path = ["devbox-ctl", ...before];
  return new DevboxError("USAGE", `there is no command ${quote([...before, word].join(" "))}.`, {
    next: [
      ...(near === undefined ? [] : [`Did you mean: ${[...path, near].join(" ")}`]),
      `See what there is: ${["devbox-ctl help", ...before].join(" ")}`,
    ],
  });
}

/** The word of an id that follows the given ones. */
function wordAfter(before: readonly string[]): (id: string) => string[] {
  return (id) => {
    const parts = id.split(":");
    const word = parts[before.length];
    return word !== undefined && before.every((part, index) => part === parts[index]) ? [word] : [];
  };
}
