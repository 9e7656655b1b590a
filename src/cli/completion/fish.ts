import { below, type CompletionModel, type Entry, type Offer, valuedFlags } from "./model.ts";

/** The fish completion script, with what each word means. */
export function fishCompletion(model: CompletionModel): string {
  const paths = model.entries.map(({ path }) => path);
  return [
    "# fish completion for devbox-ctl, made by: devbox-ctl completion fish",
    "",
    "set -g __devbox_ctl_paths " + paths.map(quoted).join(" "),
    "set -g __devbox_ctl_valued " +
      valuedFlags(model)
        .map(({ name }) => name)
        .join(" "),
    "",
    BODY,
    "complete -c devbox-ctl -f",
    ...nextWords(model, ""),
    ...model.entries.flatMap((entry) => [...nextWords(model, entry.path), ...entryLines(entry)]),
    "",
  ].join("\n");
}

function nextWords(model: CompletionModel, path: string): string[] {
  return below(model, path).map(
    ({ word, summary }) => `complete -c devbox-ctl -n ${at(path, 0)} -a ${word} -d ${quoted(summary)}`,
  );
}

function entryLines(entry: Entry): string[] {
  const flags = entry.flags.map(({ name, char, summary, value }) => {
    const short = char === undefined ? "" : ` -s ${char.slice(1)}`;
    const what = value === undefined ? "" : ` ${offer(value, "-x", "-r")}`;
    return `complete -c devbox-ctl -n ${at(entry.path)}${short} -l ${name.slice(2)}${what} -d ${quoted(summary)}`;
  });
  const args = entry.args.map((arg, position) => {
    return `complete -c devbox-ctl -n ${at(entry.path, position)} ${offer(arg, "", "-F")}`.trimEnd();
  });
  return [...flags, ...args];
}

/** What is offered, as options of `complete`; `without` and `files` say how files are left out or let in. */
function offer(value: Offer, without: string, files: string): string {
  const names = (list: string) => `${without} -a '(__devbox_ctl_names ${list})'`.trimStart();
  switch (value.kind) {
    case "box":
      return names("boxes");
    case "volume":
      return names("volumes");
    case "archive":
      return names("archives");
    case "archived":
      return names("archived");
    case "image":
      return names("images");
    case "command":
      return `${without} -a '(__devbox_ctl_commands)'`.trimStart();
    case "words":
      return `${without} -a ${quoted(value.words.join(" "))}`.trimStart();
    case "file":
      return files;
    case "copy":
      return `${files} -a '(__devbox_ctl_names boxes):'`;
    case "none":
      return without;
  }
}

function at(path: string, position?: number): string {
  return quoted(
    `__devbox_ctl_at ${path === "" ? '""' : `"${path}"`}${position === undefined ? "" : ` ${String(position)}`}`,
  );
}

/** In the single quotes of fish, where backslashes escape. */
function quoted(text: string): string {
  return `'${text.replaceAll("\\", "\\\\").replaceAll("'", "\\'")}'`;
}

const BODY = `function __devbox_ctl_names
    set -l program (commandline -opc)[1]
    $program complete $argv[1] 2>/dev/null
end

function __devbox_ctl_commands
    string match -v '* *' -- $__devbox_ctl_paths
    echo exit-codes
end

# Whether the words so far are this command and, if asked, this many arguments of it.
function __devbox_ctl_at
    set -l command ''
    set -l position 0
    set -l is_value 0
    set -l tokens (commandline -opc)
    for token in $tokens[2..-1]
        if test $is_value = 1
            set is_value 0
        else if test "$token" = --
            return 1
        else if string match -q -- '-*' "$token"
            contains -- "$token" $__devbox_ctl_valued; and set is_value 1
        else if contains -- (string trim "$command $token") $__devbox_ctl_paths
            set command (string trim "$command $token")
        else
            set position (math $position + 1)
        end
    end
    test "$command" = "$argv[1]"; or return 1
    test (count $argv) -lt 2; or test $position -eq $argv[2]
end
`;
