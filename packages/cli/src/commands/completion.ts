import type { Command, CommandDefinition } from "../command.ts";
import { bashCompletion } from "../completion/bash.ts";
import { completedCommands } from "../completion/completed-commands.ts";
import { fishCompletion } from "../completion/fish.ts";
import { zshCompletion } from "../completion/zsh.ts";
import { UsageError } from "../errors/cli-error.ts";
import { positional } from "./shared-options.ts";

const SHELLS = { bash: bashCompletion, zsh: zshCompletion, fish: fishCompletion } as const;
const isShell = (name: string): name is keyof typeof SHELLS => Object.hasOwn(SHELLS, name);

/**
 * @param commands the list of all commands, this one included; asked for only when it is complete
 */
export const completion = (commands: () => Promise<readonly Command[]>): CommandDefinition => ({
  usage: "bash|zsh|fish",
  details: [
    'bash: put eval "$(halligan completion bash)" into ~/.bashrc. zsh: write the script to a file named _halligan in a ' +
      'folder of $fpath, or put eval "$(halligan completion zsh)" after compinit into ~/.zshrc. fish: write it to ' +
      "~/.config/fish/completions/halligan.fish.",
    "The script asks no server. Make it again after an upgrade.",
  ],
  options: {},
  positionals: { min: 1, max: 1 },
  examples: [
    "halligan completion bash >> ~/.bashrc",
    "halligan completion fish > ~/.config/fish/completions/halligan.fish",
  ],
  jsonShape: "{shell: its name, script: the completion script}",
  async run({ args }) {
    const shell = positional(args, 0);
    if (!isShell(shell)) {
      throw new UsageError(
        `There is no completion for "${shell}". There is one for: ${Object.keys(SHELLS).join(", ")}.`,
      );
    }
    const script = SHELLS[shell](completedCommands(await commands()));
    return { json: { shell, script }, text: script };
  },
});
