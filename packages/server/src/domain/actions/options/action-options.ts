import type { ActionOptions as RequestedOptions } from "@halligan/protocol/api";
import { err, ok, type Result } from "@halligan/protocol/errors";
import type { OrderLimits } from "@halligan/protocol/link";
import { isoTimeMs } from "@halligan/protocol/text";
import type { DomainError } from "../../errors.ts";
import { mayChooseUser, type RunAsRule } from "./run-as-rule.ts";

/** What the caller has chosen for one action. Null: the setting of the deployment holds. */
export interface ActionOptions {
  readonly keepProcesses: boolean;
  readonly scriptTimeoutMs: number | null;
  readonly outputLimitBytes: number | null;
  readonly queueTimeoutMs: number | null;
  /** It does not start before. Unix milliseconds. */
  readonly notBeforeMs: number | null;
  /** The user of the device as whom its scripts run; null: as the agent. */
  readonly runAs: string | null;
}

export const NO_OPTIONS: ActionOptions = {
  keepProcesses: false,
  scriptTimeoutMs: null,
  outputLimitBytes: null,
  queueTimeoutMs: null,
  notBeforeMs: null,
  runAs: null,
};

/**
 * The largest values that a caller may choose, each a setting. `notBeforeMs`: how far in the future
 * a start may be. `runAs`: the users that it may choose.
 */
export type OptionMaxima = Readonly<
  Record<"scriptTimeoutMs" | "outputLimitBytes" | "queueTimeoutMs" | "notBeforeMs", number>
> & { readonly runAs: RunAsRule };

/** A value above its maximum is refused, not reduced: the caller relies on what it asks for. */
export function readOptions(
  requested: RequestedOptions = {},
  maxima: OptionMaxima,
  nowMs: number,
): Result<ActionOptions, DomainError> {
  for (const option of ["scriptTimeoutMs", "outputLimitBytes", "queueTimeoutMs"] as const) {
    const value = requested[option];
    if (value === undefined || value <= maxima[option]) continue;
    return err({
      code: "InvalidRequestBody",
      detail: `options.${option} is ${value}; the maximum is ${maxima[option]}`,
    });
  }
  const options = storedOptions(requested);
  const latestMs = nowMs + maxima.notBeforeMs;
  if (Number.isNaN(options.notBeforeMs)) {
    return err({
      code: "InvalidRequestBody",
      detail: `options.notBefore is ${requested.notBefore}, a time that does not exist`,
    });
  }
  if (options.notBeforeMs !== null && options.notBeforeMs > latestMs) {
    const latest = new Date(latestMs).toISOString();
    return err({
      code: "InvalidRequestBody",
      detail: `options.notBefore is ${requested.notBefore}; the maximum is ${maxima.notBeforeMs} ms from now, ${latest}`,
    });
  }
  if (options.runAs !== null && !mayChooseUser(maxima.runAs, options.runAs)) {
    return err({ code: "RunAsNotAllowed", user: options.runAs, isOff: maxima.runAs.length === 0 });
  }
  return ok(options);
}

/** The inverse of {@link chosenOptions}. */
export const storedOptions = (chosen: RequestedOptions): ActionOptions => ({
  keepProcesses: chosen.keepProcesses ?? false,
  scriptTimeoutMs: chosen.scriptTimeoutMs ?? null,
  outputLimitBytes: chosen.outputLimitBytes ?? null,
  queueTimeoutMs: chosen.queueTimeoutMs ?? null,
  notBeforeMs: chosen.notBefore === undefined ? null : (isoTimeMs(chosen.notBefore) ?? Number.NaN),
  runAs: chosen.runAs ?? null,
});

/** The options that were chosen, as they are stored, audited and shown; null for none. */
export function chosenOptions(options: ActionOptions): RequestedOptions | null {
  const { keepProcesses, scriptTimeoutMs, outputLimitBytes, queueTimeoutMs, notBeforeMs, runAs } = options;
  const chosen: RequestedOptions = {
    ...(keepProcesses && { keepProcesses }),
    ...(scriptTimeoutMs !== null && { scriptTimeoutMs }),
    ...(outputLimitBytes !== null && { outputLimitBytes }),
    ...(queueTimeoutMs !== null && { queueTimeoutMs }),
    ...(notBeforeMs !== null && { notBefore: new Date(notBeforeMs).toISOString() }),
    ...(runAs !== null && { runAs }),
  };
  return Object.keys(chosen).length > 0 ? chosen : null;
}

/** The limits of one action: its own, and the deployment's where it has none. */
export function limitsWith<L extends Partial<OrderLimits>>(
  { scriptTimeoutMs, outputLimitBytes }: Pick<ActionOptions, "scriptTimeoutMs" | "outputLimitBytes">,
  limits: L,
): L {
  return {
    ...limits,
    ...(scriptTimeoutMs !== null && { scriptTimeoutMs }),
    ...(outputLimitBytes !== null && { outputLimitBytes }),
  };
}
