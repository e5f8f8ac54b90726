import { appendFileSync } from "node:fs";
import { gzipSync } from "node:zlib";
import {
  agentNetwork,
  CANCELLED_TEXT,
  type CommandJob,
  DEFAULT_SETTINGS,
  type Log,
  type Runner,
  type RunScriptCommand,
  type ServerConnection,
  TransferFailedError,
  TransferWatch,
  upload,
} from "@halligan/agent/simulation";
import { sleep } from "@halligan/protocol/time";
import { clock, random } from "../../devices/device-ports.ts";
import { fileContent, readScriptArgs, scriptOutput } from "./line-script.ts";

export interface LineRunnerDeps {
  readonly serverConnection: ServerConnection;
  readonly log: Log;
  readonly serverUrl: string;
  /** One line for every script that ran: the effect that must not be there twice. */
  readonly linesFile: string;
}

/** Shared by all devices of this process. */
const network = agentNetwork({}, DEFAULT_SETTINGS);

/** A larger transcript is uploaded over HTTP, as by the real agent. */
const INLINE_BYTES = 16 * 1024;

/**
 * Commands without a process: a script appends its line, a file is made from its name. Results
 * travel as the real agent's do.
 */
export function lineRunner({ serverConnection, log, serverUrl, linesFile }: LineRunnerDeps): Runner {
  const deps = { serverConnection, log, serverUrl, clock, random, network, settings: DEFAULT_SETTINGS };
  const transcriptOf = ({ command }: CommandJob<RunScriptCommand>, exitCode: number): string =>
    JSON.stringify({
      script_name: command.scriptName,
      exit_code: exitCode,
      script_output: scriptOutput(readScriptArgs(command.args)),
      script_errors: "",
    });
  return {
    async runScript(job, start, signal) {
      const { actionId, index, command } = job;
      const { token, beforeMs, afterMs } = readScriptArgs(command.args);
      try {
        await sleep(clock, beforeMs, signal);
        await start.granted();
        signal.throwIfAborted();
      } catch {
        return { outcome: "failed", errors: [CANCELLED_TEXT], exitCode: -1, ran: false, leftovers: [] };
      }
      // At once, as a process is made: an abort finds either nothing or a line.
      appendFileSync(linesFile, `${actionId} ${index} ${token}\n`);
      await start.spawned({ pid: 1, startTime: "1", bootId: "simulated" });
      try {
        await sleep(clock, afterMs, signal);
      } catch {
        return { outcome: "failed", errors: [CANCELLED_TEXT], exitCode: -1, ran: true, leftovers: [] };
      }
      return { outcome: "completed", errors: [], exitCode: 0, ran: true, leftovers: [] };
    },

    async transfer(job, signal) {
      const { command } = job;
      if (command.type === "PutFile") return { outcome: "completed", errors: [], result: null };
      using watch = new TransferWatch(clock, job.limits, signal);
      try {
        const content = gzipSync(fileContent(command.path));
        return { outcome: "completed", errors: [], result: await upload(deps, job, () => chunksOf(content), watch) };
      } catch (error) {
        signal.throwIfAborted();
        if (error instanceof TransferFailedError) return { outcome: "failed", errors: [error.message], result: null };
        throw error;
      }
    },

    async inlineTranscript(job, exitCode) {
      const transcript = transcriptOf(job, exitCode);
      return transcript.length <= INLINE_BYTES ? { kind: "inline", transcript } : null;
    },

    async uploadTranscript(job, exitCode, signal) {
      using watch = new TransferWatch(clock, null, signal);
      try {
        return await upload(deps, job, () => chunksOf(Buffer.from(transcriptOf(job, exitCode))), watch);
      } catch (error) {
        if (error instanceof TransferFailedError) return null;
        throw error;
      }
    },

    endOrphans: async () => [],
    endAllOrphans: async () => [],
    removeOrderFiles: async () => undefined,
    removeOrderFilesExcept: async () => undefined,
  };
}

async function* chunksOf(content: Uint8Array): AsyncGenerator<Uint8Array> {
  yield content;
}
