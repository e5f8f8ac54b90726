/**
 * What an agent does before its first connection. A script that was running when the previous agent
 * process died is ended and never started again. GetFile and PutFile have the same effect when they
 * are repeated, so they start again after the server has answered the hello.
 */

import type { JournalRecord } from "../journal/journal.ts";
import type { JournalWriter } from "../journal/journal-writer.ts";
import { NO_OWNERS_LOG, type OwnersLog } from "../owners-log/owners-log.ts";
import type { Log, Runner } from "../ports.ts";
import { CANCELLED_TEXT, CRASHED_AT_START_TEXT, CRASHED_TEXT } from "./end-texts.ts";

/**
 * Used without a journal: nothing records what an earlier agent process of this machine started.
 */
export async function endUnknownOrphans(runner: Runner, log: Log): Promise<void> {
  const leftovers = await runner.endAllOrphans();
  if (leftovers.length > 0) log.error("orphansLeft", { errors: leftovers.join(" ") });
}

export async function recover(
  deps: { journal: JournalWriter; runner: Runner; log: Log; ownersLog?: OwnersLog },
  signal: AbortSignal,
): Promise<void> {
  const { journal, runner, log, ownersLog = NO_OWNERS_LOG } = deps;
  for (const held of journal.state.orders.values()) {
    const { actionId, orderSeq } = held.order;
    for (const [index, of] of held.commands.entries()) {
      const command = held.order.commands[index];
      if (of.state !== "running" || command?.type !== "RunScript" || of.scriptEnd) continue;
      log.warn("scriptInterrupted", { actionId, index });
      const leftovers = await runner.endOrphans({ actionId, orderSeq, index }, of.process);
      const record: JournalRecord = {
        type: "scriptEnded",
        orderSeq,
        index,
        outcome: "failed",
        errors: [
          held.isEndRequested ? CANCELLED_TEXT : of.process ? CRASHED_TEXT : CRASHED_AT_START_TEXT,
          ...leftovers,
        ],
        exitCode: -1,
        ran: true,
      };
      await journal.append(signal, record);
      ownersLog.write({ event: "interrupted", actionId, index, type: command.type });
    }
  }
  await runner.removeOrderFilesExcept(new Set(journal.state.orders.keys()));
}
