import type { ReplayGuard } from "../auth/replay-guard.ts";
import type { SigningKey } from "../auth/signing-key.ts";
import type { TokenVerifier } from "../auth/token-verifier.ts";
import type { ServiceContext } from "../service/context.ts";
import { operationsOf } from "./operation.ts";

/** What the operations work on: the use cases' context, and what only the wire needs. */
export interface HttpContext extends ServiceContext {
  tenant: string;
  version: string;
  tokenKey: SigningKey;
  tokens: TokenVerifier;
  assertionReplay: ReplayGuard;
  audiences: readonly string[];
  libraryApiUploadLimitBytes: number;
}

export const operation = operationsOf<HttpContext>();
