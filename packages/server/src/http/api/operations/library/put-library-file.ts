import type { DomainError } from "../../../../domain/errors.ts";
import { libraryFileNameFault } from "../../../../domain/library/library-file.ts";
import type { LibraryFileInput } from "../../../../service/library/add-library-file.ts";
import { addUploadedLibraryFile } from "../../../../service/library/add-uploaded-library-file.ts";
import { noteStorageRefusal } from "../../../../service/results/note-transfer-refusal.ts";
import { permitted } from "../../../edge/access.ts";
import { ok } from "../../../edge/answer.ts";
import { stream } from "../../../edge/body/body-kinds.ts";
import { operation } from "../../context.ts";
import { domainRefusal } from "../../errors.ts";
import { libraryFileWire } from "../../present/library-file-wire.ts";
import { readSha256 } from "./given-sha256.ts";
import { libraryStorageRefusal } from "./library-upload.ts";

/** Halligan's own upload: the body is the file, of any size that the setting allows; what goes with it stands in the query. */
export const putLibraryFile = operation({
  name: "PutLibraryFile",
  method: "PUT",
  path: "/halligan/v1/library/:fileName",
  access: permitted("PutLibraryFile"),
  query: {
    override: "value",
    hasParameters: "value",
    description: "text",
    parametersDescription: "text",
    sha256: "value",
    deviceGroups: "value",
  },
  body: stream,
  async handler({ caller, params, options, body, signal }, context) {
    const fileName = params.fileName ?? "";
    const fault = libraryFileNameFault(fileName) ?? flagFault(options);
    if (fault) return domainRefusal(fault);
    const asked = options.get("sha256");
    const announced = asked === undefined ? { sha256: null } : readSha256(asked, "sha256");
    if (!("sha256" in announced)) return announced;
    const groups = readGroups(options.get("deviceGroups"));
    if (groups === null) return domainRefusal(NO_GROUPS);
    const stored = await context.blobs.putLibrary(body.stream, {
      limitBytes: context.limits.libraryUploadLimitBytes,
      signal,
    });
    if (stored.code === "InsufficientStorage")
      noteStorageRefusal(context, stored.code, body.sizeBytes ?? 0, { fileName });
    if (stored.code !== "stored") return domainRefusal(libraryStorageRefusal(stored));
    if (announced.sha256 !== null && announced.sha256 !== stored.sha256) {
      const detail = `the content that arrived has the SHA-256 ${stored.sha256}, not ${announced.sha256}`;
      return domainRefusal({ code: "ContentMismatch", detail });
    }
    const file = {
      fileName,
      sha256: stored.sha256,
      sizeBytes: stored.sizeBytes,
      description: options.get("description") || null,
      hasParameters: options.get("hasParameters") === "true",
      parametersDescription: options.get("parametersDescription") || null,
      overrideIfExists: options.get("override") === "true",
      ...groups,
      keeps: {
        description: !options.has("description"),
        parameters: !options.has("hasParameters") && !options.has("parametersDescription"),
      },
    };
    const added = await addUploadedLibraryFile(context, caller, file, "PutLibraryFile");
    return added.ok ? ok(libraryFileWire(added.value)) : domainRefusal(added.error);
  },
});

const NO_GROUPS: DomainError = {
  code: "InvalidInput",
  detail: "deviceGroups must be numbers of device groups with commas between them, or all",
};

/** Null for a text that is neither a list of numbers nor `all`. */
function readGroups(text: string | undefined): Pick<LibraryFileInput, "deviceGroups"> | null {
  if (text === undefined) return {};
  if (text === "all") return { deviceGroups: "all" };
  if (!/^\d{1,9}(,\d{1,9}){0,99}$/.test(text)) return null;
  return { deviceGroups: [...new Set(text.split(",").map(Number))] };
}

const FLAGS = ["override", "hasParameters"];

/** What is no boolean is refused before the first byte is read: an override that was meant must not be lost. */
function flagFault(options: ReadonlyMap<string, string>): DomainError | null {
  const wrong = FLAGS.find((name) => !["true", "false", undefined].includes(options.get(name)));
  return wrong === undefined ? null : { code: "InvalidInput", detail: `${wrong} must be true or false` };
}
