import type { CommandRef } from "@halligan/agent/simulation";
import { short } from "../link/describe-frame.ts";
import type { ActionRow, SimDatabase } from "../server/sim-database.ts";
import type { World } from "../world/world.ts";
import { isFinalStatus } from "./action-ledger.ts";
import type { GrantedStarts } from "./granted-starts.ts";
import { storedCommands } from "./stored-commands.ts";

const keyOf = ({ actionId, index }: Pick<CommandRef, "actionId" | "index">): string => `${actionId} ${index}`;

/**
 * Checks a retired machine, from the response to its retirement until an operator requests its
 * reinstatement.
 */
export class RetiredMachines {
  readonly #world: World;
  readonly #database: SimDatabase;
  /**
   * By machine: the starts that were recorded or granted before the retirement. Their grants can be
   * on the way to the device, and no server can revoke them. The device then starts them.
   */
  readonly #retired = new Map<string, ReadonlySet<string>>();

  readonly #starts: GrantedStarts;

  constructor(world: World, database: SimDatabase, starts: GrantedStarts) {
    this.#starts = starts;
    this.#world = world;
    this.#database = database;
  }

  answered(machineId: string): void {
    const rows = this.#database.actions().filter((row) => row.machine_id === machineId);
    for (const row of rows) this.#checkFinal(row);
    const started = rows.flatMap((row) =>
      storedCommands(row).flatMap(({ startId }, index) => {
        const command = { actionId: row.id, index };
        return startId === null && !this.#starts.wasGranted(command) ? [] : [keyOf(command)];
      }),
    );
    this.#retired.set(machineId, new Set(started));
  }

  takenBack(machineId: string): void {
    this.#retired.delete(machineId);
  }

  /** After a restore, the store may not have the retirement. */
  restored(): void {
    this.#retired.clear();
  }

  committed(actionIds: ReadonlySet<string>): void {
    for (const id of actionIds) {
      const row = this.#database.action(id);
      if (row && this.#retired.has(row.machine_id)) this.#checkFinal(row);
    }
  }

  scriptBegins(deviceName: string, command: Pick<CommandRef, "actionId" | "index">): void {
    const row = this.#database.action(command.actionId);
    const before = row && this.#retired.get(row.machine_id);
    if (!before || before.has(keyOf(command))) return;
    const what = `command ${command.index} of action ${short(command.actionId)}`;
    this.#world.violated("retirementHolds", `${what} was started on ${deviceName}, whose machine is retired`);
  }

  #checkFinal(row: ActionRow): void {
    if (isFinalStatus(row.status)) return;
    this.#world.violated("retirementHolds", `action ${row.id} is ${row.status} on a machine that is retired`);
  }
}
