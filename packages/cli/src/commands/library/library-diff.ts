import { isUtf8 } from "node:buffer";
import { createHash } from "node:crypto";
import type { HalliganClient } from "@halligan/protocol/client";
import { createTwoFilesPatch, FILE_HEADERS_ONLY } from "diff";
import type { CommandDefinition } from "../../command.ts";
import { CliError, UsageError } from "../../errors/cli-error.ts";
import { orSee } from "../../errors/or-see.ts";
import { typedVersion, type Version, versionOf } from "../../library/library-version.ts";
import { harmlessText } from "../../render/text/harmless.ts";
import { formatBytes } from "../../render/text/units.ts";
import { positional } from "../shared-options.ts";

/** Both versions are held in memory. */
const MAX_COMPARED_BYTES = 4 * 1024 * 1024;
/** Two long texts without a common line can take minutes. */
const DIFF_TIMEOUT_MS = 20_000;

export const libraryDiff: CommandDefinition = {
  usage: "NAME [A [B]]",
  details: [
    "The difference between two versions of a library file, as diff -u writes it. A and B are a SHA-256 or the first 8 or more " +
      "digits of it (see halligan library versions). Without B it is the newest version, and without A the one before it that has " +
      "other bytes. On a terminal, control sequences are taken out; in a pipe or file nothing is changed.",
  ],
  options: {},
  positionals: { min: 1, max: 3 },
  examples: ["halligan library diff triage.sh", "halligan library diff triage.sh 9f86d081 60303ae2"],
  jsonShape:
    "{from: {fileName, sha256, sizeBytes, ...}, to: {...}, isBinary, diff: the text, null for binary versions and empty for equal ones}",
  async run({ args, connect, env, signal }) {
    const name = positional(args, 0);
    const [, ...typed] = args.positionals;
    const [typedA, typedB] = typed.map(typedVersion);
    const client = await connect();
    const versions = await orSee(client.listLibraryFileVersions(name, { signal }), "halligan library list");
    const to = typedB === undefined ? versions[0] : versionOf(name, versions, typedB);
    const from =
      typedA === undefined ? versions.find(({ sha256 }) => sha256 !== to?.sha256) : versionOf(name, versions, typedA);
    if (to === undefined || from === undefined) {
      throw new CliError("notFound", "LibraryFileNotFound", `${name} has no other version to compare with.`);
    }
    const [before, after] = [await contentOf(client, from, signal), await contentOf(client, to, signal)];
    const isBinary = [before, after].some((bytes) => !isUtf8(bytes) || bytes.includes(0));
    const diff = isBinary ? null : patchOf(from, to, before.toString("utf8"), after.toString("utf8"));
    const text = diff ?? `${name}: the versions ${from.sha256} and ${to.sha256} are not text, and differ\n`;
    return { json: { from, to, isBinary, diff }, text: env.stdout.isTTY ? harmlessText(text) : text };
  },
};

async function contentOf(client: HalliganClient, version: Version, signal: AbortSignal): Promise<Buffer> {
  const { fileName, sha256, sizeBytes } = version;
  if (sizeBytes > MAX_COMPARED_BYTES) {
    throw new UsageError(`The version ${sha256} has ${formatBytes(sizeBytes)}, too much to compare here.`);
  }
  const response = await client.downloadLibraryFile(fileName, { sha256, signal });
  const hash = createHash("sha256");
  const chunks: Uint8Array[] = [];
  let receivedBytes = 0;
  for await (const chunk of response.body ?? []) {
    receivedBytes += chunk.length;
    if (receivedBytes > sizeBytes) break;
    hash.update(chunk);
    chunks.push(chunk);
  }
  if (receivedBytes === sizeBytes && hash.digest("hex") === sha256) return Buffer.concat(chunks);
  const message = `The bytes of ${fileName} do not have the SHA-256 ${sha256}.`;
  throw new CliError("unexpectedResponse", "ContentMismatch", message);
}

function patchOf(from: Version, to: Version, before: string, after: string): string {
  if (before === after) return "";
  const header = ({ sha256, updatedBy, updatedAt }: Version) => `${sha256.slice(0, 12)} ${updatedAt} ${updatedBy}`;
  const patch = createTwoFilesPatch(from.fileName, to.fileName, before, after, header(from), header(to), {
    context: 3,
    timeout: DIFF_TIMEOUT_MS,
    headerOptions: FILE_HEADERS_ONLY,
  });
  if (patch === undefined) throw new UsageError("The versions have too little in common to compare them here.");
  return patch;
}
