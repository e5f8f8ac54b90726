import type { Logger } from "pino";
import { FailedAuthentications, type FailureRates } from "../../../auth/failures/failed-authentications.ts";
import { FailureSummaries } from "../../../auth/failures/failure-summaries.ts";
import type { Random } from "../../../auth/random.ts";
import { AddressLimits, type AddressRates } from "./address-limits.ts";
import type { TrustedProxies } from "./client-address.ts";
import { UnauthenticatedLog } from "./unauthenticated-log.ts";

export interface UnauthenticatedRates extends FailureRates, AddressRates {
  readonly unauthenticatedLogLinesPerMinute: number;
}

/** All limits of requests without authentication. */
export interface UnauthenticatedLimits {
  readonly proxies: TrustedProxies;
  readonly addresses: AddressLimits;
  readonly authentications: FailedAuthentications;
  readonly summaries: FailureSummaries;
  readonly log: UnauthenticatedLog;
}

const UNLIMITED = 1_000_000_000;
/**
 * If all callers share the proxy's address, a limit per address would be one limit for all callers.
 */
const NO_ADDRESS_RATES = {
  anonymousRequestsPerMinute: UNLIMITED,
  failedSignInsPerMinute: UNLIMITED,
  failedSignInsPerAddressPerMinute: UNLIMITED,
  failedSignInsPerAccountPerMinute: UNLIMITED,
};

/** `isAddressShared`: requests come through a proxy whose `X-Forwarded-For` is not trusted. */
export function createUnauthenticatedLimits(
  given: UnauthenticatedRates,
  { proxies, isAddressShared }: { proxies: TrustedProxies; isAddressShared: boolean },
  ports: { nowMs: () => number; monotonicMs: () => number; random: Random; log: Logger },
): UnauthenticatedLimits {
  if (isAddressShared) {
    ports.log.warn(
      "no limit is counted by address: set HALLIGAN_TRUST_PROXY to the addresses of the proxy that ends TLS",
    );
  }
  const rates = isAddressShared ? { ...given, ...NO_ADDRESS_RATES } : given;
  const { monotonicMs, random } = ports;
  const summaries = new FailureSummaries(ports.nowMs);
  const authentications = new FailedAuthentications(rates, { monotonicMs, random, summaries });
  return {
    proxies,
    summaries,
    authentications,
    addresses: new AddressLimits(rates, monotonicMs, authentications),
    log: new UnauthenticatedLog(rates.unauthenticatedLogLinesPerMinute, monotonicMs, ports.log),
  };
}
