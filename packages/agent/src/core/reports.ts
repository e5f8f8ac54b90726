/** What the journal says of an order, as frames. Sent again after every hello until it is acknowledged. */
import type { AgentFrame } from "@halligan/protocol/link";
import type { EndMoments } from "./end-moments.ts";
import { boundErrors } from "./error-text.ts";
import type { OrderState } from "./journal.ts";

export function startedFrame(held: OrderState, index: number): AgentFrame | null {
  const startId = held.commands[index]?.startId;
  if (!startId) return null;
  return { type: "started", actionId: held.order.actionId, orderSeq: held.order.orderSeq, index, startId };
}

export function endedFrame(held: OrderState, index: number, moments: EndMoments): AgentFrame | null {
  const end = held.commands[index]?.end;
  if (!end) return null;
  const errors = boundErrors(end.errors);
  const { actionId, orderSeq } = held.order;
  const endedAgoMs = moments.agoMs(orderSeq, index);
  return {
    type: "ended",
    actionId,
    orderSeq,
    index,
    outcome: end.outcome,
    errors: end.outcome === "failed" && errors.length === 0 ? ["The command failed."] : errors,
    result: end.result,
    ...(endedAgoMs !== undefined && { endedAgoMs }),
  };
}

export function closedFrame(held: OrderState): AgentFrame | null {
  if (!held.closed) return null;
  const { actionId, orderSeq } = held.order;
  return { type: "closed", actionId, orderSeq, errors: boundErrors(held.closed.errors) };
}

/** Everything that is not acknowledged, in the order in which it happened. */
export function unacknowledged(held: OrderState, moments: EndMoments): AgentFrame[] {
  const frames: (AgentFrame | null)[] = [];
  held.commands.forEach((of, index) => {
    if (of.acked || of.state === "waiting") return;
    frames.push(startedFrame(held, index), endedFrame(held, index, moments));
  });
  frames.push(closedFrame(held));
  return frames.filter((frame) => frame !== null);
}
