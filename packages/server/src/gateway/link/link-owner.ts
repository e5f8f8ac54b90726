import type { DeviceMarks, LinkIdentity } from "../../service/agents/link-lifecycle.ts";
import type { MachineRefusal } from "../connection-budget.ts";

/** Of a link's hello. */
export type LinkMarks = DeviceMarks & { journalId: string };

/** What a connection asks of all connections of the node. */
export interface LinkOwner<L> {
  /** The device proved the machine's key. Null when the link may go on. */
  proves(link: L, machineId: string): MachineRefusal | null;
  /** The store has given the link its epoch. */
  proven(link: L, identity: LinkIdentity): void;
  /** Whether a hello with these marks may be answered. May take a ping interval; when it answers false it has closed the link. */
  admits(identity: LinkIdentity, marks: LinkMarks, leftNode: DeviceMarks | null): Promise<boolean>;
  /** Closes every link of a machine that was put in quarantine, this one as well. */
  closeAllOf(machineId: string): void;
  /** The link is accepted and its hello answered: it takes the machine's place from any older one. */
  ready(link: L, identity: LinkIdentity): void;
  ended(link: L): void;
}
