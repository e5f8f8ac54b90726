import {
  Order,
  parseAgentFrame,
  parseServerFrame,
  parseSignedWelcome,
  type ServerFrame,
} from "@halligan/protocol/link";
import { Compile } from "typebox/compile";

const OrderText = Compile(Order);

export function orderOf(frame: ServerFrame): Order | null {
  if (frame.type !== "order") return null;
  const order: unknown = JSON.parse(frame.payload);
  return OrderText.Check(order) ? order : null;
}

/** A prefix of an id that is unique within one run. */
export const short = (id: string): string => id.slice(0, 6);

const refOf = (frame: { actionId: string; orderSeq: number }): string =>
  `order ${frame.orderSeq} (action ${short(frame.actionId)})`;

/** A frame without its seal, because the seal differs in each run. */
export const frameText = (text: string): string => text.slice(Math.max(0, text.indexOf("{")));

/** Describes a frame for the trace. Null for heartbeats. */
export function describeServerFrame(text: string): string | null {
  const frame = parseServerFrame(frameText(text));
  if (!frame) return "something that is no frame";
  switch (frame.type) {
    case "pong":
      return null;
    case "probe":
      return "probe";
    case "signedWelcome":
      return `welcome, link ${parseSignedWelcome(frame.payload)?.linkEpoch}`;
    case "welcome":
      return `welcome, link ${frame.linkEpoch}`;
    case "helloAnswer":
      return `hello answered${frame.orders.map((order) => `, ${order.verdict} ${refOf(order)}`).join("")}`;
    case "order": {
      const order = orderOf(frame);
      return order && `${refOf(order)}: ${order.commands.map(({ type }) => type).join(", ")}`;
    }
    case "orderKeys":
      return "order keys";
    case "ack":
      return `ack of ${refOf(frame)} command ${frame.index}`;
    case "watchOutput":
      return `${frame.type} ${frame.watchId} ${refOf(frame)} command ${frame.index}`;
    case "outputCredit":
    case "unwatchOutput":
      return `${frame.type} ${frame.watchId}`;
    default:
      return `${frame.type} ${refOf(frame)}`;
  }
}

export function describeAgentFrame(text: string): string | null {
  const frame = parseAgentFrame(frameText(text));
  if (!frame) return "something that is no frame";
  switch (frame.type) {
    case "ping":
      return null;
    case "hello": {
      const orders = frame.orders.map((order) => `${order.orderSeq}[${order.commands.map((c) => c.state).join(" ")}]`);
      const { processId = "none", rollingValue } = frame.continuity ?? {};
      const value = rollingValue?.split(".", 1)[0] ?? "none";
      return `hello, journal ${short(frame.journalId)}, process ${short(processId)}, value ${value}, highest ${frame.highestOrderSeq}, holds ${orders.join(", ") || "nothing"}`;
    }
    case "kept":
      return `kept value ${frame.rollingValue.split(".", 1)[0]}`;
    case "probeAnswer":
      return "probe answered";
    case "started":
      return `started ${refOf(frame)} command ${frame.index}`;
    case "ended":
      return `ended ${refOf(frame)} command ${frame.index}: ${frame.outcome} ${frame.errors.join(" ")}`;
    case "closed":
      return `closed ${refOf(frame)}`;
    case "refused":
      return `refused ${refOf(frame)}: ${frame.code}`;
    case "outputBegin":
      return `output ${frame.watchId} begins at ${frame.at.stdout}, ${frame.at.stderr}`;
    case "output":
      return `output ${frame.watchId} ${frame.stream} at ${frame.offset}`;
    case "outputEnd":
      return `output ${frame.watchId} ends: ${frame.reason}`;
  }
}
