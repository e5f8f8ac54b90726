import type { CommandDefinition } from "../../command.ts";
import { positional } from "../shared-options.ts";

export const libraryRemove: CommandDefinition = {
  usage: "NAME",
  options: {},
  positionals: { min: 1, max: 1 },
  examples: ["halligan library remove triage.sh"],
  jsonShape: "{removed: NAME}",
  async run({ args, connect, signal }) {
    const name = positional(args, 0);
    const client = await connect();
    await client.deleteLibraryFile(name, { signal });
    return { json: { removed: name }, text: `Removed ${name}\n` };
  },
};
