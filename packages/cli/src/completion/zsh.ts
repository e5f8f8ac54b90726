import type { CompletedCommands, CompletedOption, CompletedWord } from "./completed-commands.ts";

/** Works by `source`, and as a file `_halligan` in a folder of `fpath`. */
export function zshCompletion({ commands, firstWords, groups, globalValueOptions }: CompletedCommands): string {
  return `#compdef halligan
# Completion of halligan for zsh, made by: halligan completion zsh
_halligan() {
  local first="" second="" word name=""
  local -a candidates values
  integer i
  for ((i = 2; i < CURRENT; i++)); do
    word=$words[i]
    case $word in
      --) _files; return ;;
      ${globalValueOptions.map((name) => `--${name}`).join("|")}) ((i++)) ;;
      -*) ;;
      *) if [[ -z $first ]]; then first=$word; else second=$word; break; fi ;;
    esac
  done
  case "$first $second" in
    ${commands
      .filter(({ name }) => name.includes(" "))
      .map(({ name }) => `"${name}"`)
      .join("|")}) name="$first $second" ;;
    *) name=$first ;;
  esac
  case $name in
${commands.map(({ name, options }) => `    "${name}")\n${optionLists(options)} ;;`).join("\n")}
  esac
  if (( \${values[(Ie)$words[CURRENT-1]]} )); then
    _files
  elif [[ $PREFIX == -* ]]; then
    _describe -o option candidates
  elif [[ -z $first ]]; then
    candidates=(${described(firstWords)})
    _describe command candidates
  elif [[ -z $second ]]; then
    case $first in
${groups.map(({ first, words }) => `      ${first}) candidates=(${described(words)}); _describe command candidates ;;`).join("\n")}
      *) _files ;;
    esac
  else
    _files
  fi
}
if [[ $funcstack[1] == _halligan ]]; then _halligan "$@"; else compdef _halligan halligan; fi
`;
}

function optionLists(options: readonly CompletedOption[]): string {
  const written = ({ name, short }: CompletedOption) => [`--${name}`, ...(short === null ? [] : [`-${short}`])];
  const words = options.flatMap((option) => written(option).map((word) => ({ word, summary: option.help })));
  const values = options.filter(({ takesValue }) => takesValue).flatMap(written);
  return `      candidates=(${described(words)})\n      values=(${values.join(" ")})`;
}

/** `word:summary`, as `_describe` takes them. */
const described = (words: readonly CompletedWord[]): string =>
  words.map(({ word, summary }) => quoted(`${word}:${summary.replaceAll(":", "\\:")}`)).join(" ");

const quoted = (text: string): string => `'${text.replaceAll("'", "'\\''")}'`;
