import type { CommandContext, CommandDefinition } from "../../command.ts";
import { UsageError } from "../../errors/cli-error.ts";
import { positional } from "../shared-options.ts";

const ABOUT =
  "An approval is of bytes, whatever they are called: read them first, with halligan library show NAME --sha256 SHA-256. " +
  "With HALLIGAN_LIBRARY_APPROVAL on the server, content runs only after another account than the one that uploaded it " +
  "approved it.";

export const libraryApprove: CommandDefinition = {
  usage: "SHA-256",
  details: [ABOUT],
  options: {},
  positionals: { min: 1, max: 1 },
  examples: ["halligan library approve 0a0b23eaa9f5d6c9df03846412dda561bf549c846dfe5468bc58b6d67ee63450"],
  jsonShape: "{approvals: [{sha256, accountId, approvedBy, approvedAt}]}",
  async run({ args, connect, signal }) {
    const sha256 = sha256Of(args);
    const approvals = await (await connect()).approveLibraryContent(sha256, { signal });
    return { json: { approvals }, text: `Approved ${sha256}\n` };
  },
};

export const libraryWithdraw: CommandDefinition = {
  usage: "SHA-256",
  details: [ABOUT, "No later start runs it. Actions that were accepted before do."],
  options: {},
  positionals: { min: 1, max: 1 },
  examples: ["halligan library withdraw 0a0b23eaa9f5d6c9df03846412dda561bf549c846dfe5468bc58b6d67ee63450"],
  jsonShape: "{withdrawn: SHA-256}",
  async run({ args, connect, signal }) {
    const sha256 = sha256Of(args);
    await (await connect()).withdrawLibraryApproval(sha256, { signal });
    return { json: { withdrawn: sha256 }, text: `${sha256} is not approved any more\n` };
  },
};

function sha256Of(args: CommandContext["args"]): string {
  const sha256 = positional(args, 0).toLowerCase();
  if (!/^[0-9a-f]{64}$/.test(sha256)) {
    throw new UsageError("SHA-256 has 64 hex digits. See those of a file: halligan library versions NAME");
  }
  return sha256;
}
