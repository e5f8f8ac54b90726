import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { FINAL_STATUSES } from "@halligan/protocol/api";
import { sleep, systemClock } from "@halligan/protocol/time";
import type { Violations } from "../torture/violations.ts";
import type { World } from "../world.ts";
import type { KnownOrder } from "./hostile-device.ts";

const SCRIPT_NAME = "hold.sh";
const SCRIPT = '#!/bin/sh\nwhile [ ! -e "$1" ]; do sleep 0.05; done\necho "released $1"\n';
const POLL_MS = 50;
/** Longest time of an honest action under any attack. */
const PATIENCE_MS = 120_000;

/**
 * An action of an honest machine that runs during the attacks. Only its own device may determine
 * its end and its transcript.
 */
export class HonestWork {
  readonly #world: World;
  readonly #violations: Violations;
  readonly #machineId: string;
  #orderSeq = 0;
  #running: KnownOrder & { release: string };
  finished = 0;

  private constructor(world: World, machineId: string, violations: Violations) {
    this.#world = world;
    this.#machineId = machineId;
    this.#violations = violations;
    this.#running = { actionId: "", orderSeq: 0, release: "" };
  }

  static async begin(world: World, machineId: string, violations: Violations): Promise<HonestWork> {
    await world.client.putLibraryFile({ fileName: SCRIPT_NAME, content: () => new Blob([SCRIPT]) });
    const work = new HonestWork(world, machineId, violations);
    await work.#next();
    return work;
  }

  /** The order that attackers refer to in their reports. */
  get order(): KnownOrder {
    return this.#running;
  }

  /** Lets the running one end, checks it, and starts another. */
  async finishOne(startNext: boolean): Promise<void> {
    const { client } = this.#world;
    const { actionId, release } = this.#running;
    const signal = AbortSignal.timeout(PATIENCE_MS);
    await client.info();
    const before = await client.getMachineAction(actionId);
    if (FINAL_STATUSES.has(before.status)) this.#violations.add(`an attacked action ended: ${JSON.stringify(before)}`);
    await writeFile(release, "");
    let action = before;
    while (!FINAL_STATUSES.has(action.status)) {
      await sleep(systemClock, POLL_MS, signal);
      action = await client.getMachineAction(actionId);
    }
    if (action.status !== "Succeeded") this.#violations.add(`an honest action ended as ${JSON.stringify(action)}`);
    else {
      const transcript = await client.downloadTranscript(await client.getDownloadUrl(actionId, 0));
      if (transcript.script_output !== `released ${release}\n`) {
        this.#violations.add(`an honest action has another's transcript: ${JSON.stringify(transcript).slice(0, 500)}`);
      }
    }
    this.finished += 1;
    if (startNext) await this.#next();
  }

  async #next(): Promise<void> {
    this.#orderSeq += 1;
    const release = join(this.#world.folder, "agents", `release-${this.#orderSeq}`);
    const { id } = await this.#world.client.runLiveResponse(this.#machineId, {
      Commands: [
        {
          type: "RunScript",
          params: [
            { key: "ScriptName", value: SCRIPT_NAME },
            { key: "Args", value: `'${release}'` },
          ],
        },
      ],
      Comment: "honest",
    });
    this.#running = { actionId: id, orderSeq: this.#orderSeq, release };
    const signal = AbortSignal.timeout(PATIENCE_MS);
    while ((await this.#world.client.getMachineAction(id)).status === "Pending") {
      await sleep(systemClock, POLL_MS, signal);
    }
  }
}
