import { createHash } from "node:crypto";
import { once } from "node:events";
import type { CommandDefinition } from "../../command.ts";
import { CliError, UsageError } from "../../errors/cli-error.ts";
import { orSee } from "../../errors/or-see.ts";
import { harmlessText } from "../../render/text/harmless.ts";
import { formatBytes } from "../../render/text/units.ts";
import { positional } from "../shared-options.ts";

/** A terminal is shown a file as a whole, so that no control sequence is cut in two and passes. */
const MAX_ON_TERMINAL_BYTES = 1024 * 1024;

export const libraryShow: CommandDefinition = {
  usage: "NAME",
  details: [
    "The present version, or with --sha256 an earlier one (see halligan library versions). The bytes are checked against " +
      "their SHA-256. On a terminal, control sequences are taken out; in a pipe or file nothing is changed.",
  ],
  options: {
    sha256: { type: "string", placeholder: "HASH", help: "the version with this SHA-256" },
  },
  positionals: { min: 1, max: 1 },
  examples: ["halligan library show triage.sh", "halligan library show triage.sh > triage.sh"],
  jsonShape:
    "{version: {fileName, sha256, sizeBytes, description, updatedBy, updatedAt, endedAt}}, without the content",
  async run({ args, connect, env, isJson, signal }) {
    const name = positional(args, 0);
    const wanted = args.text("sha256")?.toLowerCase();
    if (wanted !== undefined && !/^[0-9a-f]{64}$/.test(wanted)) throw new UsageError("--sha256 takes 64 hex digits.");
    const client = await connect();
    const versions = await orSee(client.listLibraryFileVersions(name, { signal }), "halligan library list");
    const version = versions.find(({ sha256, endedAt }) =>
      wanted === undefined ? endedAt === null : sha256 === wanted,
    );
    if (version === undefined) {
      const which = wanted === undefined ? "a present version" : `a version with the SHA-256 ${wanted}`;
      throw new CliError(
        "notFound",
        "LibraryFileNotFound",
        `${name} does not have ${which}. See: halligan library versions ${name}`,
      );
    }
    if (isJson) return { json: { version } };
    const { sha256, sizeBytes } = version;
    const { stdout } = env;
    if (stdout.isTTY && sizeBytes > MAX_ON_TERMINAL_BYTES) {
      throw new UsageError(
        `${name} has ${formatBytes(sizeBytes)}; write it to a file: halligan library show ${name} > FILE`,
      );
    }
    const response = await client.downloadLibraryFile(name, { sha256, signal });
    const hash = createHash("sha256");
    const held: Uint8Array[] = [];
    for await (const chunk of response.body ?? []) {
      hash.update(chunk);
      if (stdout.isTTY) held.push(chunk);
      else if (!stdout.write(chunk)) await once(stdout, "drain", { signal });
    }
    if (hash.digest("hex") !== sha256) {
      throw new CliError(
        "unexpectedResponse",
        "ContentMismatch",
        `The bytes of ${name} do not have the SHA-256 ${sha256}.`,
      );
    }
    return { json: { version }, text: harmlessText(Buffer.concat(held).toString("utf8")) };
  },
};
