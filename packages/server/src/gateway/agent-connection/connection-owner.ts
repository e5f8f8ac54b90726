import type { ConnectionIdentity, DeviceInstance } from "../../service/agents/connection/connection-identity.ts";
import type { MachineRefusal } from "../connection-budget.ts";

/** Identifies the device of a hello. */
export type HelloInstance = DeviceInstance & { journalId: string };

/** What a connection asks of the gateway, which knows all connections of the node. */
export interface ConnectionOwner<C> {
  /**
   * The device signed with the machine's key. From now on the connection counts against the
   * machine's budget. Null: the connection may go on.
   */
  admitMachine(connection: C, machineId: string): MachineRefusal | null;
  /**
   * Records the starts that older connections of the machine have granted, before the store accepts
   * this one. Returns the newest of their epochs; null when there is none, or when that failed.
   */
  recordStarts(connection: C, machineId: string): Promise<number | null>;
  /** The store has given the connection its epoch. */
  epochAssigned(connection: C, identity: ConnectionIdentity): void;
  /**
   * Whether the hello with these marks may be answered. May take a ping interval. If the result is
   * false, the connection has been closed.
   */
  mayAnswerHello(identity: ConnectionIdentity, marks: HelloInstance, leftNode: DeviceInstance | null): Promise<boolean>;
  /** Closes every connection of a machine that was put in quarantine, including the caller's. */
  closeAllOf(machineId: string): void;
  /** The hello was answered. The connection replaces any older one of the machine. */
  ready(connection: C, identity: ConnectionIdentity): void;
  ended(connection: C): void;
}
