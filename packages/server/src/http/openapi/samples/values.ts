import { createHash } from "node:crypto";

const sha256 = (text: string) => createHash("sha256").update(text).digest("hex");

/** Content of the library file of the examples. */
export const SAMPLE_SCRIPT = '#!/bin/sh\necho "hello from $(hostname)"\n';
/** Content of the one part of the result that the examples of the agents' uploads send. */
export const SAMPLE_PART = "a collected file";

/**
 * Values that stand in the examples for ones that only a running server knows. Each is like nothing
 * else in the document, so that a reader who sends an example can put the real value in its place
 * by searching for it; the test that sends them all does just that. The document has them as
 * `x-samples`.
 */
export const SAMPLE = {
  tenant: "3f0c2a64-7a51-4c0e-9d3e-5b1f0e6c8a27",
  clientId: "5a1d0c3e-2b7f-4f86-8e59-0d9c4b7a6e13",
  linkGenerations: "31.27",
  secretId: "8d3f6b1a-54c9-4e7d-9a02-6b7c1d5e8f30",
  outsideCallerId: "https://login.example/realms/soc#user-17",
  clientSecret: "example-client-secret",
  authorizationEndpoint: "https://halligan.example/organizations/oauth2/v2.0/authorize",
  machineId: "4d1f0a6b8c2e3957d0b1a2c3e4f5061728394a5b",
  actionId: "7c9e6679-7425-40de-944b-e07fc1f90ae7",
  fileName: "collect-logs.sh",
  deviceGroupId: 4711,
  ipAddress: "192.0.2.10",
  timestamp: "2026-11-21T12:00:00Z",
  linkExpiry: "1795264200",
  linkSignature: "EXAMPLE-link-signature".padEnd(43, "0"),
  enrollmentTokenId: "b7f0a1de-5c55-4f0e-8f5e-64b1a0f0c9d2",
  enrollmentToken: "example-enrollment-token",
  publicKey: "EXAMPLE-public-key".padEnd(43, "0"),
  secretKey: "EXAMPLE-secret-key".padEnd(43, "0"),
  proof: "EXAMPLE-proof".padEnd(86, "0"),
  scriptSha256: sha256(SAMPLE_SCRIPT),
  approvedSha256: sha256("content that somebody else uploaded"),
  uploadId: "0a1b2c3d4e5f60718293a4b5c6d7e8f9",
} as const;

export const SAMPLE_PART_SHA256 = sha256(SAMPLE_PART);

/** What tokens are for, as the contract names the API. */
export const AUDIENCE = "https://api.securitycenter.microsoft.com";

/** The `@odata.context` of a sample. */
export const contextOf = (fragment: string): string => `http://127.0.0.1:8780/api/$metadata#${fragment}`;
