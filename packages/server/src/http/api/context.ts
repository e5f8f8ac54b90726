import type { FailedAuthentications } from "../../auth/failures/failed-authentications.ts";
import type { Tenant } from "../../auth/tenant.ts";
import type { AssertionReplay } from "../../auth/tokens/client-assertion.ts";
import type { SigningKey } from "../../auth/tokens/signing-key.ts";
import type { TokenVerifier } from "../../auth/tokens/token-verifier.ts";
import type { ReadinessWarnings, Unready } from "../../service/cluster/readiness.ts";
import type { KeyRing, ServiceContext } from "../../service/context.ts";
import type { Throttle } from "../edge/http-request.ts";
import { operationsOf } from "../edge/operation.ts";
import type { LongResponseLimit } from "../edge/response/long-response-limit.ts";
import type { Tag } from "../openapi/tags.ts";
import type { ListTurns } from "./list-turns.ts";

/** What the operations work on: the use cases' context, and what only the wire needs. */
export interface HttpContext extends ServiceContext {
  tenant: Tenant;
  version: string;
  tokenKeys: KeyRing<SigningKey>;
  tokens: TokenVerifier;
  assertionReplay: AssertionReplay;
  authentications: FailedAuthentications;
  audiences: readonly string[];
  libraryApiUploadLimitBytes: number;
  health: {
    readonly readiness: () => Promise<{ missing: Unready; warnings: ReadinessWarnings }>;
    readonly metrics: () => Promise<string>;
    readonly metricsContentType: string;
    readonly metricsToken: string | null;
    /** A proxy of this machine may bring requests from anywhere. */
    readonly isBehindProxy: boolean;
  };
  eventStreams: LongResponseLimit;
  /** Requests that wait for the end of their action. */
  waitingRequests: LongResponseLimit;
  maxActionWaitMs: number;
  downloads: LongResponseLimit;
  /** Downloads that read a transcript up to their range, which takes the processor. */
  outputReads: LongResponseLimit;
  listTurns: ListTurns;
  /** Counts what a request does beyond its own operation. */
  throttle: Throttle;
  rereadIntervalMs: number;
}

export const operation = operationsOf<HttpContext, Tag>();
