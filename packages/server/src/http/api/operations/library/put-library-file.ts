import { LibraryFileWire } from "@halligan/protocol/api";
import { Type } from "typebox";
import type { DomainError } from "../../../../domain/errors.ts";
import { libraryFileNameFault } from "../../../../domain/library/library-file.ts";
import type { LibraryFileInput } from "../../../../service/library/add-library-file.ts";
import { addUploadedLibraryFile } from "../../../../service/library/add-uploaded-library-file.ts";
import { noteStorageRefusal } from "../../../../service/results/note-transfer-refusal.ts";
import { permitted } from "../../../edge/access.ts";
import { stream } from "../../../edge/body/body-kinds.ts";
import { json } from "../../../edge/declared-responses.ts";
import { ok } from "../../../edge/http-response.ts";
import { sampleLibraryFile } from "../../../openapi/samples/library.ts";
import { BYTES, fileNameParameter } from "../../../openapi/samples/parameters.ts";
import { SAMPLE, SAMPLE_SCRIPT } from "../../../openapi/samples/values.ts";
import { LIBRARY } from "../../access-rules.ts";
import { operation } from "../../context.ts";
import { domainRefusal } from "../../errors/errors.ts";
import { libraryFileWire } from "../../present/library-file-wire.ts";
import { readSha256 } from "./given-sha256.ts";
import { libraryStorageRefusal } from "./library-upload.ts";

const NO_GROUPS: DomainError = {
  code: "InvalidInput",
  detail: "deviceGroups must be numbers of device groups with commas between them, or all",
};

const FLAGS = ["override", "hasParameters"];

/**
 * Halligan's own upload: the body is the file, of any size that the setting allows; what goes with
 * it stands in the query.
 */
export const putLibraryFile = operation({
  name: "PutLibraryFile",
  method: "PUT",
  path: "/halligan/v1/library/:fileName",
  access: permitted(LIBRARY),
  rateLimit: { sharedWith: "UploadLibraryFile" },
  query: {
    override: "value",
    hasParameters: "value",
    description: "text",
    parametersDescription: "text",
    sha256: "value",
    deviceGroups: "value",
  },
  doc: {
    tag: "Library",
    summary: "Add a file of any size",
    description:
      "The body is the file. Its name may have up to 255 bytes of UTF-8, without slashes and control characters. A file that is replaced " +
      "hands on its description, and what its parameters are, unless the query says something of them.",
    path: { fileName: fileNameParameter },
    query: {
      description: { description: "What it is for.", schema: Type.String(), example: sampleLibraryFile.description },
      hasParameters: { description: "Default false.", schema: Type.Boolean(), example: true },
      parametersDescription: {
        description: "What its parameters are.",
        schema: Type.String(),
        example: sampleLibraryFile.parametersDescription,
      },
      override: {
        description: "Whether it may take the place of one of that name. Default false.",
        schema: Type.Boolean(),
        example: true,
      },
      sha256: {
        description: "Of the file, in hex: when other bytes arrive the library stays as it is.",
        schema: Type.String(),
        example: SAMPLE.scriptSha256,
      },
      deviceGroups: {
        description:
          "Numbers of the device groups whose machines may run it, with commas between them; `all` for no bound. Default: as " +
          "the file that is replaced, else all that the caller reaches.",
        schema: Type.String(),
        example: "all",
      },
    },
    body: { "application/octet-stream": { schema: BYTES, example: SAMPLE_SCRIPT } },
    refusals: {
      400: "`InvalidInput`: the name is taken or not allowed, the file is too large, or its SHA-256 is another one.",
      507: "`InsufficientStorage`: the server's disk is full.",
    },
  },
  responses: { 200: json("The file.", LibraryFileWire, sampleLibraryFile) },
  body: stream,
  async handler({ caller, params, options, body, signal }, context) {
    const fileName = params.fileName;
    const fault = libraryFileNameFault(fileName) ?? flagError(options);
    if (fault) return domainRefusal(fault);
    const asked = options.get("sha256");
    const announced = asked === undefined ? null : readSha256(asked, "sha256");
    if (announced?.ok === false) return announced.error;
    const groups = readGroups(options.get("deviceGroups"));
    if (groups === null) return domainRefusal(NO_GROUPS);
    const stored = await context.blobs.putLibrary(body.stream, {
      limitBytes: context.limits.libraryUploadLimitBytes,
      signal,
    });
    if (stored.code === "InsufficientStorage")
      noteStorageRefusal(context, stored.code, body.sizeBytes ?? 0, { fileName });
    if (stored.code !== "stored") return domainRefusal(libraryStorageRefusal(stored));
    if (announced !== null && announced.value !== stored.sha256) {
      const detail = `the content that arrived has the SHA-256 ${stored.sha256}, not ${announced.value}`;
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

/** Null for a text that is neither a list of numbers nor `all`. */
function readGroups(text: string | undefined): Pick<LibraryFileInput, "deviceGroups"> | null {
  if (text === undefined) return {};
  if (text === "all") return { deviceGroups: "all" };
  if (!/^\d{1,9}(,\d{1,9}){0,99}$/.test(text)) return null;
  return { deviceGroups: [...new Set(text.split(",").map(Number))] };
}

/**
 * What is no boolean is refused before the first byte is read: an override that was meant must not
 * be lost.
 */
function flagError(options: ReadonlyMap<string, string>): DomainError | null {
  const wrong = FLAGS.find((name) => !["true", "false", undefined].includes(options.get(name)));
  return wrong === undefined ? null : { code: "InvalidInput", detail: `${wrong} must be true or false` };
}
