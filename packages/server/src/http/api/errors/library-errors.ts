import type { WireErrors } from "./wire-error.ts";

/** Refusals about the library and staged content. */
export const LIBRARY_ERRORS = {
  LibraryFileNotFound: {
    status: 404,
    code: "ResourceNotFound",
    message: (e) => `Library file ${e.fileName} was not found`,
  },
  LibraryContentNotFound: {
    status: 404,
    code: "ResourceNotFound",
    message: (e) => `The library has no file with the SHA-256 ${e.sha256}`,
  },
  // Clients look for "already exists". docs/contract/clients-in-the-wild.md#library.
  LibraryFileExists: {
    status: 400,
    code: "InvalidInput",
    message: (e) => `Library file ${e.fileName} already exists; set OverrideIfExists to replace it`,
  },
  LibraryFileOfOtherGroups: {
    status: 403,
    code: "Forbidden",
    message: (e) => `Library file ${e.fileName} is bound to device groups that the caller does not reach`,
  },
  LibraryFileUnbound: {
    status: 403,
    code: "Forbidden",
    message: () => "Only a caller who reaches the machines of all device groups adds a file that all of them may run",
  },
  ContentOfOtherGroups: {
    status: 403,
    code: "DisallowedOperation",
    message: (e) =>
      `The library file with the SHA-256 ${e.sha256} is bound to other device groups than that of machine ${e.machineId}`,
  },
  ContentNotApproved: {
    status: 403,
    code: "DisallowedOperation",
    message: (e) =>
      `The content with the SHA-256 ${e.sha256} is not approved: another account than the one that uploaded it has to ` +
      "approve it (Halligan.Library.Approve)",
  },
  ApprovalOfOwnContent: {
    status: 403,
    code: "DisallowedOperation",
    message: (e) =>
      `The content with the SHA-256 ${e.sha256} comes from the caller's own account; another one has to approve it`,
  },
  ContentUnknown: {
    status: 404,
    code: "ResourceNotFound",
    message: (e) => `There is no approval of the SHA-256 ${e.sha256}`,
  },
  CallerNotBlocked: {
    status: 404,
    code: "ResourceNotFound",
    message: (e) => `Caller ${e.callerId} is not blocked`,
  },
  LibraryFileOfAnother: {
    status: 403,
    code: "Forbidden",
    message: (e) =>
      `Library file ${e.fileName} belongs to another caller; changing it needs one more permission (Halligan.Library.Override)`,
  },
  LibraryFileTooLarge: {
    status: 400,
    code: "InvalidInput",
    message: (e) => `The file is larger than the limit of ${e.limitBytes} bytes`,
  },
  LibraryFileChanged: {
    status: 409,
    code: "LibraryFileChanged",
    message: (e) =>
      `Library file ${e.fileName} was replaced: it has the SHA-256 ${e.presentSha256} now, not ${e.wantedSha256}. ` +
      "Look at the new file, then start again with its SHA-256",
  },
  ContentNotPermitted: {
    status: 403,
    code: "Forbidden",
    message: () =>
      "Content that is not a library file needs one more permission, because it is new to this server (Library.Manage)",
  },
  ContentMismatch: { status: 400, code: "InvalidInput", message: (e) => e.detail },
  LibraryContentRemoved: {
    status: 503,
    code: "ServiceUnavailable",
    message: (e) => `The same content (SHA-256 ${e.sha256}) was being removed as unused; upload the file again`,
    retryAfterMs: () => 1_000,
  },
  StagedContentNotFound: {
    status: 404,
    code: "ResourceNotFound",
    message: (e) =>
      `No content with the SHA-256 ${e.sha256} is staged for this caller: it was not uploaded, or has expired. ` +
      `Upload it with PUT /halligan/v1/content/${e.sha256}`,
  },
  StagedContentLimit: {
    status: 400,
    code: "InvalidInput",
    message: (e) =>
      `An account may have ${e.limitBytes} bytes in ${e.limitCount} staged contents that no action refers to; ` +
      "start what was staged before, or wait until it expires",
  },
} satisfies Partial<WireErrors>;
