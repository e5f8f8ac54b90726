/** The commands of a real device, behind the core's Runner port. */
import type { OutputCounts } from "@halligan/protocol/link";
import type { CommandJob, Runner, RunScriptCommand, Transcript } from "../core/ports.ts";
import { removeOrderFiles, spoolPaths } from "../disk/order-files.ts";
import { endTree, notEndedTexts } from "../process/tree/end-tree.ts";
import { TransferFailedError, TransferWatch } from "../transfer/transfer-watch.ts";
import { upload } from "../transfer/upload.ts";
import { getArchive } from "./archive/get-archive.ts";
import type { CommandDeps } from "./command-deps.ts";
import { getFile } from "./files/get-file.ts";
import { putFile } from "./files/put-file.ts";
import { inlineTranscript, transcriptJson } from "./output/transcript.ts";
import { treeMark } from "./script-environment.ts";
import { runScript } from "./scripts/run-script.ts";

export function deviceRunner(deps: CommandDeps): Runner {
  const spools = (job: CommandJob<RunScriptCommand>) => spoolPaths(deps.folder, job.orderSeq, job.index);
  return {
    runScript: (job, start, signal) => runScript(deps, job, start, signal),

    transfer(job, signal) {
      const { command } = job;
      if (command.type === "PutFile") return putFile(deps, { ...job, command }, signal);
      return command.archive
        ? getArchive(deps, { ...job, command }, command.archive, signal)
        : getFile(deps, { ...job, command }, signal);
    },

    async inlineTranscript(job, exitCode) {
      const inline = inlineTranscript(job.command.scriptName, exitCode, spools(job));
      return inline && { kind: "inline", ...inline };
    },

    async uploadTranscript(job, exitCode, signal): Promise<Transcript | null> {
      using watch = new TransferWatch(deps.clock, null, signal);
      let output: OutputCounts | undefined;
      async function* chunks() {
        output = yield* transcriptJson(job.command.scriptName, exitCode, spools(job));
      }
      try {
        const uploaded = await upload(deps, job, chunks, watch);
        return { ...uploaded, ...(output && { output }) };
      } catch (error) {
        if (error instanceof TransferFailedError) return null;
        throw error;
      }
    },

    async endOrphans(command, process) {
      // No process outlives a restart of the device, and the numbers belong to other processes now.
      if (process && process.bootId !== deps.bootId) return [];
      const others = deps.keptProcesses.groupsOfOthers(command).map(({ folder }) => folder);
      const cgroups = deps.cgroups.of(command).filter(({ folder }) => !others.includes(folder));
      const tree = { root: process, mark: treeMark(command), cgroups };
      const notEnded = await endTree(tree, deps.clock, deps.settings);
      await deps.keptProcesses.remove(command);
      return notEndedTexts(notEnded);
    },

    async endAllOrphans() {
      const { keptProcesses } = deps;
      const mark = [`HALLIGAN_MACHINE_ID=${deps.machineId}`];
      const cgroups = deps.cgroups.all().filter((group) => !keptProcesses.hasGroup(group));
      return notEndedTexts(
        await endTree({ root: null, mark, except: keptProcesses.marks(), cgroups }, deps.clock, deps.settings),
      );
    },

    removeOrderFiles: (orderSeq) => removeOrderFiles(deps.folder, (other) => other !== orderSeq),
    async removeOrderFilesExcept(orderSeqs) {
      deps.cgroups.removeAll((group) => deps.keptProcesses.hasGroup(group));
      await removeOrderFiles(deps.folder, (orderSeq) => orderSeqs.has(orderSeq));
    },
  };
}
