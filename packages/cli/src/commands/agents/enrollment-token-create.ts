import type { CommandDefinition } from "../../command.ts";
import { UsageError } from "../../errors/cli-error.ts";
import { harmlessLine } from "../../render/text/harmless.ts";
import { formatTime, parseDuration } from "../../render/text/units.ts";

export const enrollmentTokenCreate: CommandDefinition = {
  usage: "",
  details: [
    "The token alone goes to standard output, once: the server keeps only a hash of it. Hand it to the agent by file, " +
      "environment or standard input.",
  ],
  options: {
    uses: { type: "string", placeholder: "N", help: "how many machines may enroll with it (default 1)" },
    expires: { type: "string", placeholder: "TIME", help: "how long it is good: 90s, 15m, 1h, 7d (default 1d)" },
  },
  positionals: { min: 0, max: 0 },
  examples: ["halligan enrollment-token create --uses 20 --expires 7d > enroll.token"],
  jsonShape: "{enrollmentToken: {id, token, uses, expiresAt}}",
  async run({ args, connect, signal }) {
    const uses = args.integer("uses", { min: 1, max: 1_000_000 });
    const expires = args.text("expires");
    const expiresInSeconds = expires === undefined ? undefined : parseDuration(expires);
    if (expiresInSeconds === null || (expiresInSeconds !== undefined && !isAllowed(expiresInSeconds))) {
      throw new UsageError(`--expires takes a time up to 365d such as 15m, 1h or 7d, not "${expires}".`);
    }
    const client = await connect();
    const created = await client.createEnrollmentToken(
      { ...(uses === undefined ? {} : { uses }), ...(expiresInSeconds === undefined ? {} : { expiresInSeconds }) },
      { signal },
    );
    const until = harmlessLine(formatTime(created.expiresAt) ?? "");
    return {
      json: { enrollmentToken: created },
      text: `${harmlessLine(created.token)}\n`,
      notes: `For ${created.uses} ${created.uses === 1 ? "machine" : "machines"}, until ${until}\n`,
    };
  },
};

const LONGEST_SECONDS = 31_536_000;

function isAllowed(seconds: number): boolean {
  return seconds >= 1 && seconds <= LONGEST_SECONDS;
}
