import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";
import { FINAL_STATUSES, type MachineActionWire } from "@halligan/protocol/api";
import { sleep, systemClock } from "@halligan/protocol/time";
import { preferredAgentRuntime, type Runtime } from "./runtimes.ts";
import { World, type WorldMachine } from "./world.ts";

const SCRIPT_NAME = "collect-facts.sh";
const COLLECTED_NAME = "facts.txt";
/** Gathers a few facts of the device into a file; the file is then collected. */
const SCRIPT = `#!/bin/sh
set -eu
{ echo "case: $1"; uname -a; id; date -u; } > ${COLLECTED_NAME}
echo "wrote ${COLLECTED_NAME} ($(wc -c < ${COLLECTED_NAME}) bytes) in $HALLIGAN_WORKDIR"
`;

export interface DemoReport {
  machineId: string;
  actionId: string;
  status: string;
  sha256: string;
  sizeBytes: number;
  steps: { name: string; ms: number }[];
  totalMs: number;
}

/**
 * The example of the contract on this machine. A script from the library makes a file and a GetFile
 * collects it. Both results are downloaded by their result links and compared with the file on the
 * device.
 */
export async function runDemo(
  say: (text: string) => void,
  runtime: Runtime = preferredAgentRuntime(),
): Promise<DemoReport> {
  const steps = new StepTimes(say);
  await using world = await steps.time("start a server and enroll an agent on this machine", () =>
    World.start({ runtime }),
  );
  const { client, machines } = world;
  const [machine] = machines;
  if (!machine) throw new Error("the agent was not enrolled");
  await steps.time("add a script to the library", () =>
    client.putLibraryFile({ fileName: SCRIPT_NAME, content: () => new Blob([SCRIPT]) }),
  );
  const started = await steps.time("POST runliveresponse: RunScript, then GetFile", () =>
    client.runLiveResponse(machine.id, {
      Commands: [
        {
          type: "RunScript",
          params: [
            { key: "ScriptName", value: SCRIPT_NAME },
            { key: "Args", value: "'demo 1'" },
          ],
        },
        { type: "GetFile", params: [{ key: "Path", value: COLLECTED_NAME }] },
      ],
      Comment: "Halligan demo",
    }),
  );
  const action = await steps.time("wait until it has ended", () => waitForEnd(world, started.id, say));
  if (action.status !== "Succeeded") throw new Error(`the action ended as ${action.status}: ${reasons(action)}`);
  const transcript = await steps.time("fetch the transcript by its link", async () =>
    client.downloadTranscript(await client.getDownloadUrl(action.id, 0)),
  );
  if (transcript.exit_code !== 0) throw new Error(`the script ended with ${transcript.exit_code}`);
  const content = await steps.time("fetch the collected file by its link", async () => {
    const response = await client.downloadResult(await client.getDownloadUrl(action.id, 1));
    return gunzipSync(Buffer.from(await response.arrayBuffer()));
  });
  const sha256 = await steps.time("compare it with the file on the device", () => compare(machine, content));
  say(`\n  the script said: ${transcript.script_output.trim()}`);
  say(`  the file says:   ${content.toString("utf8").split("\n", 2).join(" / ")} / ...`);
  say(`  SHA-256, here and on the device: ${sha256}\n`);
  return {
    machineId: machine.id,
    actionId: action.id,
    status: action.status,
    sha256,
    sizeBytes: content.length,
    steps: steps.list,
    totalMs: steps.list.reduce((sum, { ms }) => sum + ms, 0),
  };
}

async function waitForEnd(
  { client }: World,
  actionId: string,
  say: (text: string) => void,
): Promise<MachineActionWire> {
  let shown = "";
  for (;;) {
    const action = await client.getMachineAction(actionId);
    const progress = `${action.status}: ${action.commands.map(({ command, commandStatus }) => `${command.type} ${commandStatus}`).join(", ")}`;
    if (progress !== shown) say(`    ${progress}`);
    shown = progress;
    if (FINAL_STATUSES.has(action.status)) return action;
    await sleep(systemClock, 50, undefined);
  }
}

async function compare(machine: WorldMachine, content: Buffer): Promise<string> {
  const onDevice = sha256Of(await readFile(join(machine.dataDir, "work", COLLECTED_NAME)));
  const here = sha256Of(content);
  if (onDevice !== here) throw new Error(`the collected file differs: ${here} here, ${onDevice} on the device`);
  return here;
}

const sha256Of = (content: Uint8Array) => createHash("sha256").update(content).digest("hex");

const reasons = (action: MachineActionWire) =>
  action.commands.flatMap(({ errors }) => errors).join("; ") || "no reason given";

class StepTimes {
  readonly list: { name: string; ms: number }[] = [];
  readonly #say: (text: string) => void;

  constructor(say: (text: string) => void) {
    this.#say = say;
  }

  async time<T>(name: string, work: () => Promise<T>): Promise<T> {
    const beganMs = performance.now();
    const value = await work();
    const ms = Math.round((performance.now() - beganMs) * 10) / 10;
    this.list.push({ name, ms });
    this.#say(`${ms.toFixed(1).padStart(9)} ms  ${name}`);
    return value;
  }
}
