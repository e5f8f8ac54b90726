import type { HalliganClient } from "@halligan/protocol/client";
import type { CommandDefinition } from "../../command.ts";
import { orSee } from "../../errors/or-see.ts";
import { libraryFileJson } from "../../library/library-file-json.ts";
import { typedVersion, type Version, versionOf } from "../../library/library-version.ts";
import { harmlessLine } from "../../render/text/harmless.ts";
import { positional } from "../shared-options.ts";

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
    const typed = typedVersion(positional(args, 1));
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

/** The server compares the bytes with the SHA-256 that the upload names. */
async function* contentOf(
  client: HalliganClient,
  { fileName, sha256 }: Version,
  signal: AbortSignal,
): AsyncGenerator<Uint8Array> {
  const response = await client.downloadLibraryFile(fileName, { sha256, signal });
  for await (const chunk of response.body ?? []) yield chunk;
}
