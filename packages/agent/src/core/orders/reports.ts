/**
 * Builds the frames that report what the journal records of an order. They are sent again after
 * every hello until they are acknowledged.
 */
import { createHash } from "node:crypto";
import type { AgentFrame, CommandResult, Ended, SignedEnd } from "@halligan/protocol/link";
import { signEnd } from "@halligan/protocol/link-crypto";
import type { Identity } from "../connection/handshake.ts";
import { boundErrors } from "../error-text.ts";
import type { OrderState } from "../journal/journal.ts";
import type { EndTimes } from "./end-times.ts";

export function startedFrame(held: OrderState, index: number): AgentFrame | null {
  const startId = held.commands[index]?.startId;
  if (!startId) return null;
  return { type: "started", actionId: held.order.actionId, orderSeq: held.order.orderSeq, index, startId };
}

export function closedFrame(held: OrderState): AgentFrame | null {
  if (!held.closed) return null;
  const { actionId, orderSeq } = held.order;
  return { type: "closed", actionId, orderSeq, errors: boundErrors(held.closed.errors) };
}

export class Reports {
  readonly #endTimes: EndTimes;
  readonly #signer: Identity | null;

  /** @param signer signs the ends; null in link version 1 */
  constructor(endTimes: EndTimes, signer: Identity | null) {
    this.#endTimes = endTimes;
    this.#signer = signer;
  }

  ended(held: OrderState, index: number): Ended | null {
    const of = held.commands[index];
    if (!of?.end) return null;
    const { outcome, result, exitCode = null } = of.end;
    const errors = boundErrors(of.end.errors);
    const { actionId, orderSeq } = held.order;
    const endedAgoMs = this.#endTimes.agoMs(orderSeq, index);
    const shared = {
      actionId,
      orderSeq,
      index,
      outcome,
      errors: outcome === "failed" && errors.length === 0 ? ["The command failed."] : errors,
    };
    return {
      type: "ended",
      ...shared,
      result,
      ...(endedAgoMs !== undefined && { endedAgoMs }),
      ...(this.#signer && {
        evidence: signEnd(
          {
            v: 1,
            machineId: this.#signer.machineId,
            ...shared,
            startId: of.startId,
            exitCode,
            result: signedResult(result),
          },
          this.#signer.privateKey,
        ),
      }),
    };
  }

  /** Returns every report that is not acknowledged, in the order of the events. */
  unacknowledgedFrames(held: OrderState): AgentFrame[] {
    const frames: (AgentFrame | null)[] = [];
    held.commands.forEach((of, index) => {
      if (of.isAcknowledged || of.state === "waiting") return;
      frames.push(startedFrame(held, index), this.ended(held, index));
    });
    frames.push(closedFrame(held));
    return frames.filter((frame) => frame !== null);
  }
}

/** What a signed end says of a result: its size and hash, and not its bytes. */
export function signedResult(result: CommandResult | null): SignedEnd["result"] {
  if (result === null) return null;
  if (result.kind === "uploaded") {
    const { kind, sizeBytes, sha256, fileChange } = result;
    return { kind, sizeBytes, sha256, ...(fileChange && { fileChange }) };
  }
  const bytes = Buffer.from(result.transcript);
  return { kind: "inline", sizeBytes: bytes.length, sha256: createHash("sha256").update(bytes).digest("hex") };
}
