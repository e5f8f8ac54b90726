/** What a simulated device of the benchmark logs, and commands that end at once. */
import type { Log, Runner } from "@halligan/agent/simulation";

/**
 * What a device complains of belongs to the benchmark's own output: in a sound run there is
 * nothing. `onOrder`: it has an order in its journal.
 */
export const logOf = (onOrder: () => void): Log => ({
  info(event) {
    if (event === "orderAccepted") onOrder();
  },
  warn() {},
  error: (event, fields) => process.stderr.write(`a simulated device: ${event} ${JSON.stringify(fields)}\n`),
});

const TRANSCRIPT = JSON.stringify({
  script_name: "bench-trivial.sh",
  exit_code: 0,
  script_output: "ok\n",
  script_errors: "",
});

/**
 * Answers without a process and without fetching the script. `onForgotten`: the server has
 * acknowledged the end of an order.
 */
export function instantRunner(onForgotten: () => void): Runner {
  return {
    async runScript(_job, start) {
      await start.granted();
      await start.spawned({ pid: 1, startTime: "1", bootId: "bench" });
      return { outcome: "completed", errors: [], exitCode: 0, ran: true, leftovers: [] };
    },
    transfer: async () => ({ outcome: "failed", errors: ["A simulated device has no files."], result: null }),
    inlineTranscript: async () => ({ kind: "inline", transcript: TRANSCRIPT }),
    uploadTranscript: async () => null,
    endOrphans: async () => [],
    endAllOrphans: async () => [],
    removeOrderFiles: async () => onForgotten(),
    removeOrderFilesExcept: async () => undefined,
  };
}
