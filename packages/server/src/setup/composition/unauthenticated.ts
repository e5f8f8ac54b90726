import { randomBytes } from "node:crypto";
import { backgroundClock } from "@halligan/protocol/time";
import { type Config, ConfigError } from "../../config/config.ts";
import { parseTrustedProxies, type TrustedProxies } from "../../http/edge/admission/client-address.ts";
import {
  createUnauthenticatedLimits,
  type UnauthenticatedLimits,
} from "../../http/edge/admission/unauthenticated-limits.ts";
import type { ServiceContext } from "../../service/context.ts";
import { recordFailedAuthentications } from "../../service/identity/record-failed-authentications.ts";
import { startJobs } from "../background-jobs.ts";

export interface Forwarding {
  readonly proxies: TrustedProxies;
  /** A proxy is in front whose `X-Forwarded-For` is not believed. */
  readonly isAddressShared: boolean;
}

export function readForwarding({ trustProxy, tlsEndsAtProxy }: Config): Forwarding {
  const parsed = parseTrustedProxies(trustProxy);
  if (parsed.ok) {
    const { proxies, count } = parsed.value;
    return { proxies, isAddressShared: tlsEndsAtProxy && count === 0 };
  }
  throw new ConfigError(
    `HALLIGAN_TRUST_PROXY must be addresses or CIDR ranges with commas between them; ${parsed.error} is none`,
  );
}

/** How often failed authentications are recorded, and dropped log lines reported. */
const SUMMARY_INTERVAL_MS = 60_000;

/** The bounds of unauthenticated callers. Their last summary is written when `started` ends. */
export function startUnauthenticatedLimits(
  { numbers }: Config,
  service: ServiceContext,
  forwarding: Forwarding,
  started: AsyncDisposableStack,
): UnauthenticatedLimits {
  const { log } = service;
  const limits = createUnauthenticatedLimits(numbers, forwarding, { ...backgroundClock, random: randomBytes, log });
  const summarise = async () => {
    limits.log.report();
    await recordFailedAuthentications(service, limits.summaries);
  };
  started.defer(() => summarise().catch((err: unknown) => log.error({ err }, "failed authentications not recorded")));
  const job = { name: "summarise failed authentications", intervalMs: SUMMARY_INTERVAL_MS, run: summarise };
  started.use(startJobs([job], service));
  return limits;
}
