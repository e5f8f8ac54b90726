import type { CompletedCommands, CompletedOption } from "./completed-commands.ts";

/** Without `"$(...)"`, which only fish 3.4 and later have. */
export function fishCompletion({ commands, firstWords, groups, globalValueOptions }: CompletedCommands): string {
  const two = commands.filter(({ name }) => name.includes(" "));
  return `# Completion of halligan for fish, made by: halligan completion fish
function __halligan_words
  set -l skips 0
  for token in (commandline -opc)[2..-1]
    if test $skips = 1
      set skips 0
      continue
    end
    switch $token
      case ${globalValueOptions.map((name) => `--${name}`).join(" ")}
        set skips 1
      case '-*'
      case '*'
        echo $token
    end
  end
end
function __halligan_at
  set -l words (__halligan_words)
  test "$words" = "$argv"
end
function __halligan_is
  set -l words (__halligan_words)
  set -l name $words[1]
  switch "$words[1..2]"
    case ${two.map(({ name }) => quoted(name)).join(" ")}
      set name $words[1..2]
  end
  test "$name" = "$argv"
end
${firstWords.map(({ word, summary }) => `complete -c halligan -n __halligan_at -f -a ${word} -d ${quoted(summary)}`).join("\n")}
${groups
  .flatMap(({ first, words }) =>
    words.map(
      ({ word, summary }) => `complete -c halligan -n '__halligan_at ${first}' -f -a ${word} -d ${quoted(summary)}`,
    ),
  )
  .join("\n")}
${commands.flatMap(({ name, options }) => options.map((option) => optionLine(name, option))).join("\n")}
`;
}

function optionLine(command: string, { name, short, takesValue, help }: CompletedOption): string {
  const letter = short === null ? "" : ` -s ${short}`;
  const value = takesValue ? " -r" : "";
  return `complete -c halligan -n '__halligan_is ${command}' -l ${name}${letter}${value} -d ${quoted(help)}`;
}

const quoted = (text: string): string => `'${text.replaceAll("\\", "\\\\").replaceAll("'", "\\'")}'`;
