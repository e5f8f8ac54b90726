import { createHash } from "node:crypto";
import type { CommandRef } from "@halligan/agent/simulation";
import {
  actionForTransfer,
  completeResult,
  type DomainError,
  type MachineAction,
  receiveResultPart,
  type ServiceContext,
} from "@halligan/server/simulation";
import type { World } from "../world/world.ts";
import type { Transfers } from "./transfers.ts";

export interface Uploaded {
  kind: "uploaded";
  uploadId: string;
  sizeBytes: number;
  sha256: string;
}

const PART_COUNT = 2;
const sha256 = (bytes: Uint8Array): string => createHash("sha256").update(bytes).digest("hex");

/** The result that a command of this kind returns. The oracle compares results with it. */
export const resultText = (command: Pick<CommandRef, "actionId" | "index">): string =>
  JSON.stringify({ script_name: "s", exit_code: 0, script_output: `${command.actionId} ${command.index}` });

/** The transfers of an order, through the server's use cases. */
export class OrderTransfers {
  readonly #world: World;
  readonly #transfers: Transfers;

  constructor(world: World, transfers: Transfers) {
    this.#world = world;
    this.#transfers = transfers;
  }

  /** Rejects with TransferRefusedError when no open order of the device names the file. */
  async fetch(actionId: string, fileSha256: string, signal: AbortSignal): Promise<void> {
    await this.#transfers.untilAnswered(async (context, ticket) => {
      const action = await actionForTransfer(context, ticket, actionId);
      if (!action.ok) return action;
      const isPinned = action.value.commands.some((command) => command.pin?.sha256 === fileSha256);
      const error: DomainError = { code: "LibraryFileNotFound", fileName: fileSha256 };
      return isPinned ? { ok: true, value: null } : { ok: false, error };
    }, signal);
  }

  /** Resolves when the server has the complete result. */
  async upload(job: CommandRef, signal: AbortSignal): Promise<Uploaded> {
    const uploadId = this.#world.random.hex(32);
    const whole = Buffer.from(resultText(job));
    const middle = Math.ceil(whole.length / PART_COUNT);
    const send = <T>(
      work: (
        context: ServiceContext,
        action: MachineAction,
      ) => Promise<{ ok: true; value: T } | { ok: false; error: DomainError }>,
    ) =>
      this.#transfers.untilAnswered(async (context, ticket) => {
        const action = await actionForTransfer(context, ticket, job.actionId);
        return action.ok ? work(context, action.value) : action;
      }, signal);
    for (let part = 0; part < PART_COUNT; part += 1) {
      const bytes = whole.subarray(part * middle, (part + 1) * middle);
      const described = { index: job.index, uploadId, part, sizeBytes: bytes.length, sha256: sha256(bytes) };
      await send((context, action) => receiveResultPart(context, action, { ...described, body: once(bytes) }));
    }
    const complete = { partCount: PART_COUNT, sizeBytes: whole.length, sha256: sha256(whole) };
    await send((context, action) => completeResult(context, action, job.index, uploadId, complete));
    return { kind: "uploaded", uploadId, sizeBytes: whole.length, sha256: complete.sha256 };
  }
}

async function* once(bytes: Uint8Array): AsyncGenerator<Uint8Array, void, undefined> {
  yield bytes;
}
