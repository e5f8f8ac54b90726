import type { ActionTimingWire } from "@halligan/protocol/api";
import { actionTiming } from "../../../domain/actions/progress/action-timing.ts";
import type { ActionNow } from "../../../service/actions/watch/read-waiting.ts";
import { optionsMember } from "./action-options-wire.ts";
import { secretNamesMember } from "./action-secrets-wire.ts";
import { waitingWire } from "./waiting-wire.ts";
import { wireTime } from "./wire-time.ts";

export function actionTimingWire({ action, waiting }: ActionNow): ActionTimingWire {
  const steps = actionTiming(action);
  const firstMs = steps[0].atMs;
  let beforeMs = firstMs;
  const value = steps.map((step) => {
    const sinceMs = step.atMs - beforeMs;
    beforeMs = step.atMs;
    return { step: step.step, index: step.index, at: wireTime(step.atMs), sinceMs };
  });
  return {
    actionId: action.id,
    status: action.status,
    steps: value,
    totalMs: beforeMs - firstMs,
    waiting: waiting ? [waitingWire(waiting)] : [],
    ...optionsMember(action),
    ...secretNamesMember(action),
  };
}
