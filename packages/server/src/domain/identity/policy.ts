import type { GrantRule } from "./grants.ts";

/** Choices of the deployment that decide who may do what. Each is a setting. */
export interface Policy {
  readonly grants: GrantRule;
  /** What a start does that names a file which the library does not have. */
  readonly unknownLibraryFiles: "accept" | "refuse";
  /** Content runs only after another account approved its SHA-256. */
  readonly libraryApproval: boolean;
}

/** As the contract has it, where it says something. */
export const CONTRACT_POLICY: Policy = { grants: "held", unknownLibraryFiles: "accept", libraryApproval: false };
