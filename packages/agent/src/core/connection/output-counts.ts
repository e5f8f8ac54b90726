import type { AgentFrame } from "@halligan/protocol/link";

/** For a server that does not know the counts and would refuse the frame. */
export function withoutOutputCounts(frame: AgentFrame): AgentFrame {
  if (frame.type !== "ended" || !frame.result?.output) return frame;
  const { output: _, ...result } = frame.result;
  return { ...frame, result };
}
