/** What the journal says of an order, as frames. Sent again after every hello until it is acknowledged. */
import type { AgentFrame } from "@halligan/protocol/link";
import { boundErrors } from "./error-text.ts";
import type { OrderState } from "./journal.ts";

export function startedFrame(held: OrderState, index: number): AgentFrame {
  return { type: "started", actionId: held.order.actionId, orderSeq: held.order.orderSeq, index };
}

export function endedFrame(held: OrderState, index: number): AgentFrame | null {
  const end = held.commands[index]?.end;
  if (!end) return null;
  const errors = boundErrors(end.errors);
  return {
    type: "ended",
    actionId: held.order.actionId,
    orderSeq: held.order.orderSeq,
    index,
    outcome: end.outcome,
    errors: end.outcome === "failed" && errors.length === 0 ? ["The command failed."] : errors,
    result: end.result,
  };
}

export function closedFrame(held: OrderState): AgentFrame | null {
  if (!held.closed) return null;
  const { actionId, orderSeq } = held.order;
  return { type: "closed", actionId, orderSeq, errors: boundErrors(held.closed.errors) };
}

/** Everything that is not acknowledged, in the order in which it happened. */
export function unacknowledged(held: OrderState): AgentFrame[] {
  const frames: (AgentFrame | null)[] = [];
  held.commands.forEach((of, index) => {
    if (of.acked || of.state === "waiting") return;
    frames.push(startedFrame(held, index), endedFrame(held, index));
  });
  frames.push(closedFrame(held));
  return frames.filter((frame) => frame !== null);
}
