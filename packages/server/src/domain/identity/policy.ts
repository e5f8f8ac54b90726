import type { GrantRule } from "./grants.ts";

/** Settings of the deployment that decide who may do what. */
export interface Policy {
  readonly grants: GrantRule;
  /** What happens when a start names a file that the library does not have. */
  readonly unknownLibraryFiles: "accept" | "refuse";
  /** Content runs only after another account has approved its SHA-256. */
  readonly libraryApproval: boolean;
}

/** The contract's behaviour, where the contract defines it. */
export const CONTRACT_POLICY: Policy = { grants: "held", unknownLibraryFiles: "accept", libraryApproval: false };
