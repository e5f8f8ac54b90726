import type { HalliganClient } from "@halligan/protocol/client";
import type { CommandDefinition } from "../../command.ts";
import { UsageError } from "../../errors/cli-error.ts";
import { addLocalFile, libraryNameOf } from "../../library/add-local-file.ts";
import { libraryFileJson } from "../../library/library-file-json.ts";
import { findDeviceGroup } from "../../lookup/device-group.ts";

export const libraryAdd: CommandDefinition = {
  usage: "FILE...",
  details: [
    "No start writes to the library, only library add and rollback. A name may have blanks, quotes and letters of any script, up to 255 bytes. A " +
      "file that is there is replaced only with --force; then its description stays unless another one is given. The " +
      "file of another one is replaced only with the permission Halligan.Library.Override.",
  ],
  options: {
    name: { type: "string", placeholder: "NAME", help: "name in the library (one FILE only; default: its own)" },
    force: { type: "boolean", help: "replace a library file of that name" },
    override: { type: "boolean", help: "the same as --force" },
    description: { type: "string", placeholder: "TEXT", help: "what it is for (default: that of the replaced file)" },
    group: {
      type: "string",
      multiple: true,
      placeholder: "GROUP",
      help: "a device group whose machines may run it, or all; repeatable (default: those of the replaced file)",
    },
    parameters: { type: "string", placeholder: "TEXT", help: "what its parameters mean" },
  },
  positionals: { min: 1, max: Number.POSITIVE_INFINITY },
  examples: ['halligan library add triage.sh --force --description "first look"'],
  jsonShape: "{files: [the API's library files]}",
  async run({ args, connect, env, signal }) {
    const name = args.text("name");
    const paths = args.positionals;
    if (name !== undefined && paths.length > 1) throw new UsageError("--name is for one FILE only.");
    const names = paths.map((path) => libraryNameOf(path, name));
    const twice = names.find((one, index) => names.indexOf(one) !== index);
    if (twice !== undefined) throw new UsageError(`Two of the files would be "${twice}" in the library.`);
    const named = args.texts("group");
    const client = await connect();
    const deviceGroups = named.length === 0 ? undefined : await groupsNamed(client, named, signal);
    const files = [];
    for (const path of paths) {
      files.push(
        await addLocalFile(client, {
          path,
          currentFolder: env.currentFolder,
          name,
          override: args.flag("force") || args.flag("override"),
          description: args.text("description"),
          parametersDescription: args.text("parameters"),
          deviceGroups,
          signal,
        }),
      );
    }
    return {
      json: { files: files.map(libraryFileJson) },
      text: files.map(({ fileName, sha256 }) => `${fileName}  SHA-256 ${sha256}\n`).join(""),
    };
  },
};

async function groupsNamed(
  client: HalliganClient,
  named: readonly string[],
  signal: AbortSignal,
): Promise<readonly number[] | "all"> {
  if (named.includes("all")) {
    if (named.length > 1) throw new UsageError("--group all leaves no other group to name.");
    return "all";
  }
  // A number needs no look-up, which only administrators may make.
  return Promise.all(
    named.map(async (one) => (/^\d{1,9}$/.test(one) ? Number(one) : (await findDeviceGroup(client, one, signal)).id)),
  );
}
