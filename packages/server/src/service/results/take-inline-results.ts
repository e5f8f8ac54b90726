import { TranscriptWire } from "@halligan/protocol/api";
import { wellFormedJson } from "@halligan/protocol/text";
import { Check } from "typebox/value";
import type { Caller } from "../../auth/caller.ts";
import type { MachineAction } from "../../domain/actions/machine-action.ts";
import type { ServiceContext } from "../context.ts";
import { events } from "../events.ts";
import { actionInScope } from "../machine-scope.ts";

/** Longest transcripts of one response together, in bytes as they are stored. */
export const INLINE_RESULTS_LIMIT_BYTES = 64 * 1024;

export interface InlineResult {
  index: number;
  transcript: TranscriptWire;
}

/**
 * The transcripts of the action that are in the store itself, in the order of their commands, as
 * far as they fit into the limit. A caller who gets one has fetched it, so each of them leaves the
 * audit record of a download link. Empty when the caller can no longer see the action.
 */
export async function takeInlineResults(
  { store, clock }: Pick<ServiceContext, "store" | "clock">,
  caller: Caller,
  { id, commands }: Pick<MachineAction, "id" | "commands">,
): Promise<InlineResult[]> {
  // Known before the transaction: most actions without a transcript cost no write.
  const indexes = fitting(commands);
  if (indexes.length === 0) return [];
  return await store.write(async (tx) => {
    const action = await actionInScope(tx, caller, id);
    const taken: InlineResult[] = [];
    for (const index of action ? indexes : []) {
      const bytes = await tx.results.inline(id, index);
      const transcript = bytes && transcriptOf(bytes);
      if (!action || !transcript) continue;
      await events.resultLinkCreated(tx, caller, action, index, clock.nowMs(), { isInline: true });
      taken.push({ index, transcript });
    }
    return taken;
  });
}

function fitting(commands: MachineAction["commands"]): number[] {
  let leftBytes = INLINE_RESULTS_LIMIT_BYTES;
  return commands.flatMap(({ type, result }, index) => {
    if (type !== "RunScript" || result?.kind !== "inline" || result.sizeBytes > leftBytes) return [];
    leftBytes -= result.sizeBytes;
    return [index];
  });
}

/**
 * Null for text that a JSON response would change: a NUL, which the response replaces, and what is
 * no transcript. The download has the exact bytes.
 */
function transcriptOf(bytes: Uint8Array): TranscriptWire | null {
  const text = wellFormedJson(Buffer.from(bytes).toString("utf8"));
  if (text.includes("\\u0000")) return null;
  const value = parsed(text);
  return Check(TranscriptWire, value) ? value : null;
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
