import type { LibraryFileVersionListWire } from "@halligan/protocol/api";
import type { HalliganClient } from "@halligan/protocol/client";
import type { CommandDefinition } from "../../command.ts";
import { CliError, UsageError } from "../../errors/cli-error.ts";
import { orSee } from "../../errors/or-see.ts";
import { libraryFileJson } from "../../library/library-file-json.ts";
import { harmlessLine } from "../../render/text/harmless.ts";
import { positional } from "../shared-options.ts";

type Version = LibraryFileVersionListWire["value"][number];

export const libraryRollback: CommandDefinition = {
  usage: "NAME VERSION",
  details: [
    "Uploads an earlier version again, with its description if it has one, so that it is the present one. VERSION is its SHA-256 or the " +
      "first 8 or more digits of it (see halligan library versions). A removed file is there again afterwards. Actions that " +
      "were started keep the bytes that they were started with.",
  ],
  options: {},
  positionals: { min: 2, max: 2 },
  examples: ["halligan library rollback triage.sh 9f86d081"],
  jsonShape: "{file: the API's library file, isChanged: false when the version is the present one}",
  async run({ args, connect, signal }) {
    const name = positional(args, 0);
    const typed = positional(args, 1).toLowerCase();
    if (!/^[0-9a-f]{8,64}$/.test(typed)) {
      throw new UsageError(`VERSION is 8 to 64 hex digits of a SHA-256, not "${harmlessLine(typed)}".`);
    }
    const client = await connect();
    const versions = await orSee(client.listLibraryFileVersions(name, { signal }), "halligan library list");
    const version = versionOf(name, versions, typed);
    const { sha256, description } = version;
    const isChanged = versions.every((one) => one.endedAt !== null || one.sha256 !== sha256);
    const file = isChanged
      ? await client.putLibraryFile(
          {
            fileName: name,
            content: () => ReadableStream.from(contentOf(client, version, signal)),
            sha256,
            override: true,
            description: description ?? undefined,
          },
          { signal },
        )
      : await client.getLibraryFile(name, { signal });
    const verb = isChanged ? "is again" : "is already";
    return {
      json: { file: libraryFileJson(file), isChanged },
      text: `${harmlessLine(name)} ${verb} the version with SHA-256 ${sha256}\n`,
    };
  },
};

/** The newest upload of the bytes that are meant. Throws CliError for none and for several. */
function versionOf(name: string, versions: readonly Version[], typed: string): Version {
  const found = versions.filter(({ sha256 }) => sha256.startsWith(typed));
  const contents = [...new Set(found.map(({ sha256 }) => sha256))];
  const [version] = found;
  if (version === undefined) {
    const message = `${harmlessLine(name)} has no version ${typed}. See: halligan library versions ${harmlessLine(name)}`;
    throw new CliError("notFound", "LibraryFileNotFound", message);
  }
  if (contents.length > 1) {
    const message = `${contents.length} versions begin with ${typed}; write more digits: ${contents.join(", ")}`;
    throw new CliError("usage", "AmbiguousVersion", message, { json: { sha256: contents } });
  }
  return version;
}

/** The server compares the bytes with the SHA-256 that the upload names. */
async function* contentOf(
  client: HalliganClient,
  { fileName, sha256 }: Version,
  signal: AbortSignal,
): AsyncGenerator<Uint8Array> {
  const response = await client.downloadLibraryFile(fileName, { sha256, signal });
  for await (const chunk of response.body ?? []) yield chunk;
}
