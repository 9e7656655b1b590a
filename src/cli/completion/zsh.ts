import { below, type CompletionModel, type Entry, type Offer, valuedFlags } from "./model.ts";

/** The zsh completion script, with what each word means. */
export function zshCompletion(model: CompletionModel): string {
  const paths = ["", ...model.entries.map(({ path }) => path)];
  return [HEAD, ...takes(model), ...about(model, paths), BODY].join("\n");
}

const HEAD = `#compdef devbox-ctl
# zsh completion for devbox-ctl, made by: devbox-ctl completion zsh
`;

function takes(model: CompletionModel): string[] {
  return [
    "# What the value of a flag is; nothing for a flag without one.",
    "__devbox_ctl_takes() {",
    "  case $1 in",
    ...valuedFlags(model).map(({ name, value }) => `    (${name}) takes=${word(value)} ;;`),
    "    (*) takes='' ;;",
    "  esac",
    "}",
    "",
  ];
}

function about(model: CompletionModel, paths: readonly string[]): string[] {
  const entries = new Map(model.entries.map((entry) => [entry.path, entry]));
  return [
    "# What can follow a command: words, flags, and what its arguments are. Fails for what is no command.",
    "__devbox_ctl_about() {",
    "  case $1 in",
    ...paths.flatMap((path) => facts(model, path, entries.get(path))),
    "    (*) return 1 ;;",
    "  esac",
    "}",
    "",
  ];
}

function facts(model: CompletionModel, path: string, entry: Entry | undefined): string[] {
  const next = below(model, path).map((item) => described(item.word, item.summary));
  const flags = (entry?.flags ?? []).map(({ name, summary }) => described(name, summary));
  const args = (entry?.args ?? []).map(word);
  return [
    `    ('${path}')`,
    `      next=(${next.join(" ")})`,
    `      flags=(${flags.join(" ")})`,
    `      args=(${args.join(" ")}) ;;`,
  ];
}

/** A word and what it means, in the form and quoting of _describe. */
function described(text: string, summary: string): string {
  return `'${`${text}:${summary}`.replaceAll("'", String.raw`'\''`)}'`;
}

function word(offer: Offer): string {
  return offer.kind === "words" ? `'words ${offer.words.join(" ")}'` : offer.kind;
}

const BODY = `__devbox_ctl_names() {
  names=(\${(f)"$(\${(e)~words[1]} complete $1 2>/dev/null)"})
}

__devbox_ctl_offer() {
  local -a names
  case $1 in
    (box) __devbox_ctl_names boxes; compadd -X box -a names ;;
    (volume) __devbox_ctl_names volumes; compadd -X volume -a names ;;
    (archive) __devbox_ctl_names archives; compadd -X archive -a names ;;
    (archived) __devbox_ctl_names archived; compadd -X box -a names ;;
    (image) __devbox_ctl_names images; compadd -X image -a names ;;
    (command) __devbox_ctl_about ''; next+=('exit-codes:What the exit codes mean'); _describe command next ;;
    (words*) names=(\${=1#words}); compadd -a names ;;
    (file) _files ;;
    (copy)
      # A path inside a box is not looked up.
      [[ $PREFIX != *:* ]] || return 0
      __devbox_ctl_names boxes
      compadd -X box -S : -q -a names
      _files ;;
  esac
}

_devbox-ctl() {
  local command='' takes='' word
  local -a next flags args
  local -i i=0 n
  for ((n = 2; n < CURRENT; n++)); do
    word=$words[n]
    if [[ -n $takes ]]; then
      takes=''
    elif [[ $word == -- ]]; then
      _files
      return
    elif [[ $word == -* ]]; then
      __devbox_ctl_takes $word
    elif __devbox_ctl_about "\${command:+$command }$word"; then
      command="\${command:+$command }$word"
    else
      ((i += 1))
    fi
  done
  __devbox_ctl_about $command
  if [[ -n $takes ]]; then
    __devbox_ctl_offer $takes
  elif [[ $PREFIX == --*=* ]]; then
    __devbox_ctl_takes \${PREFIX%%=*}
    compset -P '*='
    __devbox_ctl_offer $takes
  elif [[ $PREFIX == -* ]]; then
    _describe -o flag flags
  elif (($#next && i == 0)); then
    _describe command next
  elif ((i < $#args)); then
    __devbox_ctl_offer $args[i+1]
  fi
}

if [[ $funcstack[1] == _devbox-ctl ]]; then
  _devbox-ctl "$@"
else
  compdef _devbox-ctl devbox-ctl
fi
`;
