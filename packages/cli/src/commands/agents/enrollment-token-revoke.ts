import type { CommandDefinition } from "../../command.ts";
import { orSee } from "../../errors/or-see.ts";
import { positional } from "../shared-options.ts";

export const enrollmentTokenRevoke: CommandDefinition = {
  usage: "ID",
  details: [
    "ID is that of enrollment-token list, not the token. Machines that enrolled with it stay enrolled. Repeating it changes nothing.",
  ],
  options: {},
  positionals: { min: 1, max: 1 },
  examples: ["halligan enrollment-token revoke b7f0a1de-5c55-4f0e-8f5e-64b1a0f0c9d2"],
  jsonShape: "{enrollmentToken: as in enrollment-token list}",
  async run({ args, connect, signal }) {
    const client = await connect();
    const revoked = await orSee(
      client.revokeEnrollmentToken(positional(args, 0), { signal }),
      "halligan enrollment-token list",
    );
    const { id, machinesEnrolled: count } = revoked;
    const notes =
      count === 0
        ? ""
        : `${count} ${count === 1 ? "machine" : "machines"} enrolled with it: halligan machines --all --enrolled-with ${id}\n`;
    return { json: { enrollmentToken: revoked }, text: `Revoked ${id}\n`, notes };
  },
};
