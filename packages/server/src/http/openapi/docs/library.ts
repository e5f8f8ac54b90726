import { LibraryApprovalListWire, LibraryFileVersionListWire, LibraryFileWire } from "@halligan/protocol/api";
import { Type } from "typebox";
import { LIBRARY_FILES } from "../../../odata/entities/library-file-fields.ts";
import { LibraryFileCollection } from "../components.ts";
import { odataParameters } from "../odata-parameters.ts";
import { json, type OperationDoc } from "../operation-doc.ts";
import { SAMPLE, SAMPLE_SCRIPT } from "../sample-values.ts";
import { BYTES, fileNameParameter, partialAnswer, RANGE_REFUSED, rangeParameter } from "./parameters.ts";
import { contextOf, sampleLibraryFile } from "./sample-entities.ts";

const NOT_FOUND = "`ResourceNotFound`: the library has no file of that name.";
const { description, parametersDescription } = sampleLibraryFile;

const sha256Parameter = {
  description: "SHA-256 of the content, in hex.",
  schema: Type.String(),
  example: SAMPLE.approvedSha256,
};
const approvals = json("Who approved it.", LibraryApprovalListWire, {
  value: [
    {
      sha256: SAMPLE.approvedSha256,
      accountId: SAMPLE.clientId,
      approvedBy: "Reviewers",
      approvedAt: "2026-11-21T12:30:00.5Z",
    },
  ],
});

/** Flags of a form are text. */
const Flag = Type.Union([Type.Literal("true"), Type.Literal("false")]);
const LibraryUploadForm = Type.Object({
  File: BYTES,
  Description: Type.Optional(Type.String()),
  HasParameters: Type.Optional(Flag),
  ParametersDescription: Type.Optional(Type.String()),
  OverrideIfExists: Type.Optional(Flag),
});

export const libraryDocs = {
  ListLibraryFiles: {
    tag: "Library",
    summary: "List library files",
    description: "All of them on one page, unless `$top` says less.",
    query: odataParameters(
      LIBRARY_FILES,
      { $filter: "hasParameters eq false", $orderby: "fileName" },
      { hasPages: false },
    ),
    answers: {
      200: json("All of them.", LibraryFileCollection, {
        "@odata.context": contextOf("LibraryFiles"),
        value: [sampleLibraryFile],
      }),
    },
  },
  UploadLibraryFile: {
    tag: "Library",
    summary: "Add a file to the library",
    description:
      "Its name is the file name of the part `File`: letters, digits, `-`, `_` and `.`. Up to 20 MB unless a setting says otherwise; " +
      "PutLibraryFile takes larger ones.",
    body: {
      "multipart/form-data": {
        schema: LibraryUploadForm,
        example: {
          File: SAMPLE_SCRIPT,
          Description: description,
          ParametersDescription: parametersDescription,
          OverrideIfExists: "false",
        },
      },
    },
    answers: {
      200: json("The file.", LibraryFileWire, {
        "@odata.context": contextOf("LibraryFiles/$entity"),
        ...sampleLibraryFile,
      }),
    },
    refusals: {
      400: "`InvalidInput`: the name is taken (the message has `already exists`) or not allowed, or the file is too large. `MissingRequiredParameter`: `File`.",
      507: "`InsufficientStorage`: the server's disk is full.",
    },
  },
  DeleteLibraryFile: {
    tag: "Library",
    summary: "Remove a file from the library",
    description: "Actions that were accepted with it still run it.",
    path: { fileName: fileNameParameter },
    answers: { 204: { description: "It is removed." } },
    refusals: { 404: NOT_FOUND },
  },
  GetLibraryFile: {
    tag: "Library",
    summary: "Get a library file",
    description: "What the name stands for now. Its `sha256` pins a start to these bytes.",
    path: { fileName: fileNameParameter },
    answers: { 200: json("The file.", LibraryFileWire, sampleLibraryFile) },
    refusals: { 404: NOT_FOUND },
  },
  PutLibraryFile: {
    tag: "Library",
    summary: "Add a file of any size",
    description:
      "The body is the file. Its name may have up to 255 bytes of UTF-8, without slashes and control characters. A file that is replaced " +
      "hands on its description, and what its parameters are, unless the query says something of them.",
    path: { fileName: fileNameParameter },
    query: {
      description: { description: "What it is for.", schema: Type.String(), example: description },
      hasParameters: { description: "Default false.", schema: Type.Boolean(), example: true },
      parametersDescription: {
        description: "What its parameters are.",
        schema: Type.String(),
        example: parametersDescription,
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
    answers: { 200: json("The file.", LibraryFileWire, sampleLibraryFile) },
    refusals: {
      400: "`InvalidInput`: the name is taken or not allowed, the file is too large, or its SHA-256 is another one.",
      507: "`InsufficientStorage`: the server's disk is full.",
    },
  },
  GetLibraryFileContent: {
    tag: "Library",
    summary: "Download a library file",
    path: { fileName: fileNameParameter },
    query: {
      sha256: {
        description: "Which version, by its SHA-256 in hex. Default: the present one.",
        schema: Type.String(),
        example: SAMPLE.scriptSha256,
      },
    },
    headers: { Range: rangeParameter },
    answers: {
      200: {
        description: "Its bytes.",
        content: { "application/octet-stream": { schema: BYTES, example: SAMPLE_SCRIPT } },
      },
      206: partialAnswer,
    },
    refusals: { 404: NOT_FOUND, 416: RANGE_REFUSED },
  },
  ListLibraryFileVersions: {
    tag: "Library",
    summary: "List every upload of a name",
    description: "Newest first, replaced and removed ones too.",
    path: { fileName: fileNameParameter },
    answers: {
      200: json("The versions.", LibraryFileVersionListWire, {
        value: [
          {
            fileName: SAMPLE.fileName,
            sha256: SAMPLE.scriptSha256,
            sizeBytes: SAMPLE_SCRIPT.length,
            description,
            updatedBy: "Administrator",
            updatedAt: sampleLibraryFile.lastUpdatedTime,
            endedAt: null,
          },
        ],
      }),
    },
    refusals: { 404: NOT_FOUND },
  },
  ApproveLibraryContent: {
    tag: "Library",
    summary: "Approve content",
    description:
      "Where `HALLIGAN_LIBRARY_APPROVAL` is set, content runs only after another account than the one that uploaded it approved " +
      "its SHA-256. Repeating it changes nothing.",
    path: { sha256: sha256Parameter },
    answers: { 200: approvals },
    refusals: {
      400: "`InvalidInput`: no SHA-256.",
      403: "`DisallowedOperation`: the caller's own account uploaded it.",
    },
  },
  WithdrawLibraryApproval: {
    tag: "Library",
    summary: "Withdraw all approvals of content",
    description: "No later start runs it. Actions that were accepted before do.",
    path: { sha256: sha256Parameter },
    answers: { 204: { description: "It is not approved any more." } },
    refusals: { 400: "`InvalidInput`: no SHA-256.", 404: "`ResourceNotFound`: it has no approval." },
  },
  ListLibraryApprovals: {
    tag: "Library",
    summary: "List who approved content",
    path: { sha256: sha256Parameter },
    answers: { 200: approvals },
    refusals: { 400: "`InvalidInput`: no SHA-256." },
  },
} as const satisfies Record<string, OperationDoc>;
