import type { AssertionReplay } from "../auth/client-assertion.ts";
import type { FailedAuthentications } from "../auth/failed-authentications.ts";
import type { SigningKey } from "../auth/signing-key.ts";
import type { Tenant } from "../auth/tenant.ts";
import type { TokenVerifier } from "../auth/token-verifier.ts";
import type { KeyRing, ServiceContext } from "../service/context.ts";
import type { ReadinessWarnings, Unready } from "../service/readiness.ts";
import type { EventStreams } from "./event-streams.ts";
import type { ListTurns } from "./list-turns.ts";
import { operationsOf } from "./operation.ts";

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
  eventStreams: EventStreams;
  listTurns: ListTurns;
  rereadIntervalMs: number;
}

export const operation = operationsOf<HttpContext>();
