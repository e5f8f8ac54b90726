import { Compile } from "typebox/compile";
import { cleanText } from "../../text/clean-text.ts";
import { jsonBoundsFault } from "../../text/json-bounds.ts";
import { findJsonFault } from "../../text/json-fault.ts";
import { AGENT_FRAME_BOUNDS, type FrameBounds } from "./frame-bounds.ts";
import { AgentFrame, MAX_FRAME_BYTES, ServerFrame } from "./frames.ts";

const compileAgentFrame = () => Compile(AgentFrame);
/**
 * Compiled at the first frame: this takes 8 ms of processor time, and an agent, which loads this
 * module too, receives no such frame.
 */
let agentFrame: ReturnType<typeof compileAgentFrame> | undefined;
const serverFrame = Compile(ServerFrame);

/**
 * Null unless `text` is exactly one frame of the closed list. The cost is linear in the size, with
 * about the factor of a valid report, because syntax characters are counted before the text is
 * parsed.
 */
export function parseAgentFrame(text: string, bounds: FrameBounds = AGENT_FRAME_BOUNDS): AgentFrame | null {
  if (text.length > bounds.maxBytes || jsonBoundsFault(text, bounds) !== null) return null;
  const value = parseJson(text);
  agentFrame ??= compileAgentFrame();
  // JSON.parse keeps the last of several members with the same name, so a frame could carry any
  // number of others.
  if (!agentFrame.Check(value) || findJsonFault(text, { acceptsUncleanText: true }) !== null) return null;
  return value;
}

/** Null unless `text` is exactly one frame of the closed list. */
export function parseServerFrame(text: string): ServerFrame | null {
  if (text.length > MAX_FRAME_BYTES) return null;
  const value = parseJson(text);
  return serverFrame.Check(value) ? value : null;
}

/** Escapes that can produce text which is not clean. */
const MAY_BE_UNCLEAN = /\\u(?:0000|[dD][89a-fA-F])/;

/**
 * Repairs text that is not clean instead of refusing it. A device repeats a report until it is
 * acknowledged, so a refusal would disconnect the machine for as long as its journal exists.
 */
function parseJson(text: string): unknown {
  try {
    if (!MAY_BE_UNCLEAN.test(text)) return JSON.parse(text);
    return JSON.parse(text, (_key, value: unknown) => (typeof value === "string" ? cleanText(value) : value));
  } catch {
    return undefined;
  }
}
