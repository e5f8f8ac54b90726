import { type BoundLimits, newBound, resumeBound } from "./action-bound.ts";
import type { MachineAction, OrderState } from "./machine-action.ts";

/** The connection that an order is claimed for, and the order's number on that machine. */
export type ClaimTarget = Pick<OrderState, "orderSeq" | "journalId" | "connectionEpoch">;

/** The action with its order claimed for one connection. `nowMs`: Unix milliseconds. */
export function claimedAction(
  action: MachineAction,
  target: ClaimTarget,
  limits: BoundLimits,
  nowMs: number,
): MachineAction {
  return {
    ...action,
    ...withSlot(action, limits, nowMs),
    order: { ...target, claimedAtMs: nowMs, sentAtMs: null, state: "out", startInDoubt: null },
  };
}

/** From now on the action holds a slot, and its bound runs. */
export function withSlot(
  action: MachineAction,
  limits: BoundLimits,
  nowMs: number,
): Pick<MachineAction, "slot" | "bound"> {
  return {
    slot: { held: true, untilMs: null },
    bound: action.bound ? resumeBound(action.bound, nowMs) : newBound(action, limits, action.deadlineMs, nowMs),
  };
}
