import { type ArchiveRequest, archiveFileName } from "@halligan/protocol/api";
import { finishAction } from "../../actions/finish-action.ts";
import { command, startAction } from "../../actions/start-action.ts";
import { startedOnly } from "../../actions/started-only.ts";
import type { Arguments } from "../../arguments/arguments.ts";
import type { CommandDefinition } from "../../command.ts";
import { beginDownload } from "../../download/early-download.ts";
import { chooseTarget } from "../../download/target.ts";
import { UsageError } from "../../errors/cli-error.ts";
import { findTarget, operand, parseTarget, TARGET_DETAILS, TARGET_OPTIONS } from "../../lookup/target-machine.ts";
import { parseSize } from "../../render/text/units.ts";
import { maxSizeBytes, permissionsToStart, SAVE_OPTIONS, START_OPTIONS, timeoutMs } from "../shared-options.ts";
import { QUEUE_OPTIONS, queueOptions } from "./options/action-options.ts";

export const get: CommandDefinition = {
  usage: "MACHINE PATH",
  details: [
    "The file is downloaded while the device sends it, unpacked and hashed as it arrives. It gets its name only when all of it is here. Without -o it is " +
      'saved under its own name in the current folder; "-o -" writes it to standard output.',
    "--folder collects everything below a folder, --pattern every file whose path matches, as one NAME.tar.gz with a " +
      "manifest. Links are kept as links and other file systems are left out. What cannot be read is listed on standard " +
      "error and in the manifest. * ? [a-z] match within a name, ** any number of folders; quote a pattern.",
    TARGET_DETAILS,
  ],
  options: {
    folder: { type: "boolean", help: "PATH is a folder; collect all of it as a .tar.gz" },
    pattern: { type: "boolean", help: "PATH is a pattern; collect what it matches as a .tar.gz" },
    "max-files": { type: "string", placeholder: "N", help: "end the archive after N entries" },
    "max-bytes": { type: "string", placeholder: "SIZE", help: "leave out what makes its content larger, such as 2G" },
    "path-base64": { type: "boolean", help: "PATH is in base64, for a name that is not UTF-8" },
    ...TARGET_OPTIONS,
    ...SAVE_OPTIONS,
    ...QUEUE_OPTIONS,
    ...START_OPTIONS,
  },
  positionals: { min: 1, max: 2 },
  permissions: permissionsToStart(null),
  examples: [
    "halligan get web-01 /var/log/auth.log",
    "halligan get web-01 'C:\\Windows\\System32\\drivers\\etc\\hosts' -o hosts.txt",
    "halligan get --tag case-4711 /var/log/auth.log",
    "halligan get web-01 /var/log --folder --max-bytes 2G -o evidence/",
    "halligan get web-01 '/home/*/.bash_history' --pattern",
  ],
  jsonShape:
    "{action, exitCode: null, results: [{index, type: GetFile, path, savedAs, sizeBytes, sha256, archive?: {entries, files, bytes, errors, truncated, failed: [{path, error}]} | null}], error?}; with --no-wait {action}",
  async run(context) {
    const { args, env, isJson, signal } = context;
    const machine = parseTarget(args, ["PATH"]);
    const given = operand(machine, 0);
    const isEncoded = args.flag("path-base64");
    const devicePath = isEncoded ? decodedPath(given) : given;
    const archive = archiveRequest(args);
    const output = args.text("output");
    if (isJson && output === "-")
      throw new UsageError("With --json standard output holds the document; save to a file.");
    const limitMs = timeoutMs(args);
    const options = queueOptions(args);
    const maxBytes = maxSizeBytes(args);
    const { currentFolder } = env;
    const savedName = archive ? archiveFileName(devicePath, archive.kind) : devicePath;
    const mayReplace = args.flag("force");
    const target = await chooseTarget({ devicePath: savedName, output, mayReplace, currentFolder });
    const client = await context.connect();
    const { machineId, named } = await findTarget(client, machine, signal);
    const request = {
      machineId,
      named,
      commands: [command("GetFile", isEncoded ? { PathBase64: given } : { Path: given }, archive ? { archive } : {})],
      comment: args.text("comment"),
      options,
    };
    // The file is downloaded while it arrives, so the start does not wait for the end.
    const started = await startAction(context, client, request, null);
    if (args.flag("no-wait")) return startedOnly(context, started);
    const { actionId } = started;
    const isArchive = archive !== null;
    const wanted = { actionId, commandIndex: 0, target, isArchive, maxSizeBytes: maxBytes, signal };
    await using early = beginDownload(client, wanted);
    return await finishAction(context, client, {
      started,
      early,
      limitMs,
      maxSizeBytes: maxBytes,
      archiveKind: archive?.kind ?? null,
      targetOf: async () => target,
    });
  },
};

function archiveRequest(args: Arguments): ArchiveRequest | null {
  const [isFolder, isPattern] = [args.flag("folder"), args.flag("pattern")];
  if (isFolder && isPattern) throw new UsageError("--folder and --pattern are two ways to read PATH; give one.");
  const maxFiles = args.integer("max-files", { min: 1, max: Number.MAX_SAFE_INTEGER });
  const size = args.text("max-bytes");
  const maxBytes = size === undefined ? undefined : parseSize(size);
  if (maxBytes === null) throw new UsageError(`--max-bytes takes a size such as 500M or 2G, not "${size}".`);
  if (!isFolder && !isPattern) {
    if (maxFiles === undefined && maxBytes === undefined) return null;
    throw new UsageError("--max-files and --max-bytes limit an archive; give --folder or --pattern with them.");
  }
  return {
    kind: isFolder ? "folder" : "pattern",
    ...(maxFiles !== undefined && { maxFiles }),
    ...(maxBytes !== undefined && { maxBytes }),
  };
}

function decodedPath(base64: string): string {
  const bytes = Buffer.from(base64, "base64");
  if (bytes.length === 0 || bytes.toString("base64") !== base64) {
    throw new UsageError("With --path-base64, PATH is base64 with padding: printf '%s' PATH | base64 -w0");
  }
  return bytes.toString("utf8");
}
