import type { CompletedCommands, CompletedOption } from "./completed-commands.ts";

/** Also for bash 3.2, the one of macOS: without `mapfile` and associative arrays. */
export function bashCompletion({ commands, firstWords, groups, globalValueOptions }: CompletedCommands): string {
  return `# Completion of halligan for bash, made by: halligan completion bash
_halligan() {
  local current=\${COMP_WORDS[COMP_CWORD]} previous=\${COMP_WORDS[COMP_CWORD - 1]}
  local first="" second="" options="" values="" word i
  COMPREPLY=()
  for ((i = 1; i < COMP_CWORD; i++)); do
    word=\${COMP_WORDS[i]}
    case $word in
      --) return 0 ;;
      ${globalValueOptions.map((name) => `--${name}`).join(" | ")}) ((i++)) ;;
      -*) ;;
      *) if [[ -z $first ]]; then first=$word; else second=$word; break; fi ;;
    esac
  done
  case "$first $second" in
${twoWordsFirst(commands)
  .map(({ name, options }) => `    ${pattern(name)}) ${assignments(options)} ;;`)
  .join("\n")}
  esac
  case " $values " in *" $previous "*) return 0 ;; esac
  if [[ $current == -* ]]; then
    COMPREPLY=($(compgen -W "$options" -- "$current"))
  elif [[ -z $first ]]; then
    COMPREPLY=($(compgen -W "${firstWords.map(({ word }) => word).join(" ")}" -- "$current"))
  elif [[ -z $second ]]; then
    case $first in
${groups
  .map(
    ({ first, words }) =>
      `      ${first}) COMPREPLY=($(compgen -W "${words.map(({ word }) => word).join(" ")}" -- "$current")) ;;`,
  )
  .join("\n")}
    esac
  fi
}
complete -o default -F _halligan halligan
`;
}

/** `machines show` is looked for before `machines`. */
const twoWordsFirst = <T extends { name: string }>(commands: readonly T[]): T[] => [
  ...commands.filter(({ name }) => name.includes(" ")),
  ...commands.filter(({ name }) => !name.includes(" ")),
];

const pattern = (name: string): string => (name.includes(" ") ? `"${name}"` : `"${name} "*`);

function assignments(options: readonly CompletedOption[]): string {
  const written = ({ name, short }: CompletedOption) => [`--${name}`, ...(short === null ? [] : [`-${short}`])];
  const values = options.filter(({ takesValue }) => takesValue);
  return `options="${options.flatMap(written).join(" ")}" values="${values.flatMap(written).join(" ")}"`;
}
