import { below, type CompletionModel, type Entry, type Offer, valuedFlags } from "./model.ts";

/** The bash completion script; needs nothing but bash 4. */
export function bashCompletion(model: CompletionModel): string {
  const paths = ["", ...model.entries.map(({ path }) => path)];
  return [HEAD, ...takes(model), ...about(model, paths), BODY].join("\n");
}

const HEAD = `# bash completion for devbox-ctl, made by: devbox-ctl completion bash
`;

function takes(model: CompletionModel): string[] {
  return [
    "# What the value of a flag is; nothing for a flag without one.",
    "__devbox_ctl_takes() {",
    "  case $1 in",
    ...valuedFlags(model).map(({ name, value }) => `    ${name}) takes=${word(value)} ;;`),
    "    *) takes='' ;;",
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
    ...paths.map((path) => `    '${path}') ${facts(model, path, entries.get(path))} ;;`),
    "    *) return 1 ;;",
    "  esac",
    "}",
    "",
  ];
}

function facts(model: CompletionModel, path: string, entry: Entry | undefined): string {
  const next = below(model, path).map((item) => item.word);
  const flags = (entry?.flags ?? []).map(({ name }) => name);
  const args = (entry?.args ?? []).map(word);
  return `next='${next.join(" ")}' flags='${flags.join(" ")}' args=(${args.join(" ")})`;
}

function word(offer: Offer): string {
  return offer.kind === "words" ? `'words ${offer.words.join(" ")}'` : `'${offer.kind}'`;
}

const BODY = `__devbox_ctl_names() {
  "\${COMP_WORDS[0]/#\\~/$HOME}" complete "$1" 2>/dev/null
}

# Offers those of the words in $1 that begin with what was typed, with $2 behind them.
__devbox_ctl_match() {
  local word
  while read -r word; do
    if [[ -n $word && $word == "$cur"* ]]; then COMPREPLY+=("$word\${2-}"); fi
  done <<<"\${1// /$'\\n'}"
}

# Copies: NAME: of a box, or a file; a path inside a box is not looked up.
__devbox_ctl_copy() {
  local path
  compopt -o nospace
  [[ $cur != *:* ]] || return 0
  __devbox_ctl_match "$(__devbox_ctl_names boxes)" :
  if [[ \${#COMPREPLY[@]} -eq 0 ]]; then
    compopt +o nospace -o default
    return 0
  fi
  while IFS= read -r path; do
    [[ ! -d $path ]] || path+=/
    COMPREPLY+=("$(printf %q "$path")")
  done < <(compgen -f -- "$cur")
}

__devbox_ctl_offer() {
  case $1 in
    box) __devbox_ctl_match "$(__devbox_ctl_names boxes)" ;;
    volume) __devbox_ctl_match "$(__devbox_ctl_names volumes)" ;;
    archive) __devbox_ctl_match "$(__devbox_ctl_names archives)" ;;
    archived) __devbox_ctl_match "$(__devbox_ctl_names archived)" ;;
    image) __devbox_ctl_match "$(__devbox_ctl_names images)" ;;
    command) __devbox_ctl_about '' && __devbox_ctl_match "$next exit-codes" ;;
    words*) __devbox_ctl_match "\${1#words}" ;;
    file) compopt -o default ;;
    copy) __devbox_ctl_copy ;;
  esac
}

__devbox_ctl() {
  local line=\${COMP_LINE:0:COMP_POINT} command='' takes='' cur word next flags i=0
  local -a words args
  COMPREPLY=()
  # Split at blanks alone: bash would split names of images and copies at their colons, too.
  read -ra words <<<"$line"
  [[ $line != *[[:space:]] ]] || words+=('')
  cur=\${words[\${#words[@]} - 1]}
  for word in "\${words[@]:1:\${#words[@]}-2}"; do
    if [[ -n $takes ]]; then
      takes=''
    elif [[ $word == -- ]]; then
      compopt -o default
      return 0
    elif [[ $word == -* ]]; then
      __devbox_ctl_takes "$word"
    elif __devbox_ctl_about "\${command:+$command }$word"; then
      command=\${command:+$command }$word
    else
      i=$((i + 1))
    fi
  done
  __devbox_ctl_about "$command"
  if [[ -n $takes ]]; then
    __devbox_ctl_offer "$takes"
  elif [[ $cur == --*=* ]]; then
    __devbox_ctl_takes "\${cur%%=*}"
    cur=\${cur#*=}
    __devbox_ctl_offer "$takes"
  elif [[ $cur == -* ]]; then
    __devbox_ctl_match "$flags"
  elif [[ -n $next && $i -eq 0 ]]; then
    __devbox_ctl_match "$next"
  elif [[ $i -lt \${#args[@]} ]]; then
    __devbox_ctl_offer "\${args[i]}"
  fi
  # bash replaces only what follows the last colon.
  if [[ $cur == *:* && $COMP_WORDBREAKS == *:* ]]; then
    COMPREPLY=("\${COMPREPLY[@]#"\${cur%"\${cur##*:}"}"}")
  fi
}

complete -F __devbox_ctl devbox-ctl
`;
