import type { ActionOptions, StartLiveResponseRequest } from "@halligan/protocol/api";
import {
  addLibraryFile,
  type Caller,
  cancelMachineAction,
  createDownloadUrl,
  type DomainError,
  idempotencyKey,
  removeLibraryFile,
  runLiveResponse,
  type ServiceContext,
} from "@halligan/server/simulation";
import type { Device } from "../device/device.ts";
import { short } from "../link/describe-frame.ts";
import type { Nodes } from "../server/nodes.ts";
import type { SimDatabase } from "../server/sim-database.ts";
import { argsFor } from "../world/script-users.ts";
import { MISSING_PATH } from "../world/scripts.ts";
import type { World } from "../world/world.ts";

const CALLER: Caller = {
  kind: "application",
  id: "client-1",
  clientId: "client-1",
  name: "playbook",
  roles: new Set(),
};
const USER = "alice";
const SCRIPT_NAMES = ["quick.sh", "quick.sh", "slow.sh", "slow.sh", "chatty.sh", "endless.sh", "unknown.sh"] as const;

type Answer<T> = { ok: true; value: T } | { ok: false; error: DomainError };

/**
 * Simulated callers: tools and people that send requests to the server. When the server crashes,
 * they get no response.
 */
export class Callers {
  readonly #world: World;
  readonly #server: Nodes;
  /** Actions that the server answered with 201. */
  readonly accepted = new Set<string>();
  readonly #asked: string[] = [];

  constructor(world: World, server: Nodes) {
    this.#world = world;
    this.#server = server;
  }

  runLiveResponse(device: Device): void {
    const request = this.#request();
    const words = request.Commands.map(({ type, params }) => `${type} ${params[0]?.value}`).join(", ");
    const { repeating, timeline } = this.#world;
    const key = repeating?.chance(0.6) ? `key-${repeating.hex(8)}` : null;
    this.#start(device, request, words, key);
    if (!repeating || key === null) return;
    // The client has lost the response, whether or not the server has sent it. Some repeat at once,
    // some when the action is long over.
    for (let repeats = repeating.between(1, 3); repeats > 0; repeats -= 1) {
      const delayMs = repeating.chance(0.4) ? repeating.between(0, 300) : repeating.between(1_000, 120_000);
      timeline.after(delayMs, () => this.#start(device, request, `${words} again`, key));
    }
  }

  #start(device: Device, request: StartLiveResponseRequest, words: string, key: string | null): void {
    const { machineId } = device;
    // The comment shows the key in the audit.
    const body = key === null ? request : { ...request, Comment: key };
    this.#ask(`asks ${device.name} for ${words}`, async (context) => {
      const given = key === null ? null : idempotencyKey(key, "StartLiveResponse", machineId, body);
      const answer = await runLiveResponse(context, CALLER, machineId, body, given);
      if (!answer.ok) return answer;
      this.#asked.push(answer.value.id);
      return { ok: true, value: `action ${short(answer.value.id)}`, id: answer.value.id };
    });
  }

  cancel(): void {
    const id = this.#someAction();
    if (id === null) return;
    this.#ask(`cancels action ${short(id)}`, async (context) => {
      const answer = await cancelMachineAction(context, CALLER, id, "no longer wanted");
      return answer.ok ? { ok: true, value: answer.value.status } : answer;
    });
  }

  resultLink(): void {
    const id = this.#someAction();
    if (id === null) return;
    const index = this.#world.random.between(0, 2);
    this.#ask(`wants the result ${index} of action ${short(id)}`, async (context) => {
      const answer = await createDownloadUrl(context, CALLER, id, index);
      return answer.ok ? { ok: true, value: "a link" } : answer;
    });
  }

  /** Replaces or deletes library files that existing actions have pinned. */
  changeLibrary(): void {
    const { random } = this.#world;
    const fileName = random.pick(SCRIPT_NAMES);
    if (random.chance(0.3)) {
      this.#ask(`removes ${fileName} from the library`, async (context) => {
        const answer = await removeLibraryFile(context, CALLER, fileName);
        return answer.ok ? { ok: true, value: "done" } : answer;
      });
      return;
    }
    this.addLibraryFile(fileName);
  }

  addLibraryFile(fileName: string): void {
    const sha256 = this.#world.random.hex(64);
    const about = { sizeBytes: 100, description: null, hasParameters: false, parametersDescription: null };
    this.#ask(`puts ${fileName} into the library`, async (context) => {
      const answer = await addLibraryFile(context, CALLER, { fileName, sha256, ...about, overrideIfExists: true });
      return answer.ok ? { ok: true, value: "done" } : answer;
    });
  }

  /** The server no longer owes the actions that were requested after the backup. */
  restored(database: SimDatabase): void {
    for (const id of this.accepted) if (!database.action(id)) this.accepted.delete(id);
  }

  #ask(words: string, call: (context: ServiceContext) => Promise<Answer<string> & { id?: string }>): void {
    const { trace } = this.#world;
    const server = this.#server.running;
    trace.note("caller", server ? words : `${words}: no server answers`);
    if (!server) return;
    call(server.context).then(
      (answer) => {
        if (server.lifetime.isOver) return;
        if (answer.ok && answer.id !== undefined) this.accepted.add(answer.id);
        trace.note("caller", `was answered: ${answer.ok ? answer.value : answer.error.code}`);
      },
      (error: unknown) => {
        if (!server.lifetime.isOver) this.#world.violated("nothingBreaks", `a caller got ${String(error)}`);
      },
    );
  }

  #someAction(): string | null {
    if (this.#asked.length === 0) return null;
    const back = Math.min(this.#asked.length, 4);
    return this.#asked[this.#asked.length - this.#world.random.between(1, back)] ?? null;
  }

  #options(): ActionOptions | null {
    const { scheduling, wallMs } = this.#world;
    if (!scheduling?.chance(0.4)) return null;
    const notBefore = new Date(wallMs + scheduling.between(-5_000, 4 * 60_000)).toISOString();
    return { notBefore, ...(scheduling.chance(0.3) && { queueTimeoutMs: scheduling.between(60_000, 10 * 60_000) }) };
  }

  #request(): StartLiveResponseRequest {
    const { random } = this.#world;
    const Commands: StartLiveResponseRequest["Commands"] = [];
    const add = (type: "PutFile" | "RunScript" | "GetFile", key: string, value: string) =>
      Commands.push({ type, params: [{ key, value }] });
    if (random.chance(0.3)) add("PutFile", "FileName", random.pick(SCRIPT_NAMES));
    const scripts = random.between(0, 2);
    const runAs = scripts > 0 && this.#world.users?.chance(0.5) ? USER : null;
    for (let left = scripts; left > 0; left -= 1) {
      add("RunScript", "ScriptName", random.pick(SCRIPT_NAMES));
      if (runAs !== null) Commands.at(-1)?.params.push(argsFor(runAs));
    }
    if (random.chance(0.4) || Commands.length === 0) {
      add("GetFile", "Path", random.chance(0.15) ? MISSING_PATH : "/var/log/syslog");
    }
    const chosen = this.#options();
    const options = runAs === null ? chosen : { ...chosen, runAs };
    return { Commands, Comment: "simulated", ...(options && { options }) };
  }
}
