/** Progress of a file on its way from or to a device. */
export interface TransferProgress {
  readonly actionId: string;
  /** Index of the command in the action. */
  readonly index: number;
  /** Bytes from the beginning of the file. Decreases when the device restarts the transfer. */
  readonly transferredBytes: number;
}

/** A machine's newest connection, announced to the node that may hold an older one. */
export interface NewerConnection {
  readonly machineId: string;
  readonly connectionEpoch: number;
  /** The journal of the connection's hello. */
  readonly journalId: string;
  /** The process of the hello; null for link version 1. */
  readonly processId: string | null;
}

/** `isRemote`: the hint came from another client of the bus, which can send any number. */
export type WakeListener = (machineId: string, isRemote: boolean) => void;

/** Receives the events of one action. They may be late, duplicated or missing. */
export interface ActionListener {
  /** The row may have changed. `isRemote`: the hint came from another client of the bus. */
  changed(isRemote: boolean): void;
  transferred(progress: TransferProgress): void;
}

/**
 * Hints between the parts of the server and between its nodes. A hint may be lost: the store is
 * authoritative and is read again on every connect and at intervals. No call fails or waits, and no
 * hint is kept for later.
 */
export interface Bus {
  /** "Machine M has work": an action to claim, or one to end. */
  wakeMachine(machineId: string): void;
  /** Returns the function that ends the subscription. */
  onMachineWake(listener: WakeListener): () => void;
  /** "Machine M has connected to this node", and it was connected to another one a moment ago. */
  announceConnection(connection: NewerConnection): void;
  /**
   * Subscribes to connections that other nodes have accepted. Returns the function that ends the
   * subscription.
   */
  onConnectionAnnounced(listener: (connection: NewerConnection) => void): () => void;
  /**
   * This node knows that hints of other nodes were lost, so the store must be read for what they
   * were about. Called repeatedly as long as that lasts. Returns the function that ends the
   * subscription.
   */
  onHintsLost(listener: () => void): () => void;
  /** The action's row was changed, and the change is durable. */
  actionChanged(actionId: string): void;
  /** May be called for every chunk. Only a few of the calls are sent. */
  transferProgress(progress: TransferProgress): void;
  /**
   * One subscription per action, so that a node only gets the events that it has watchers for.
   * Returns the function that ends the subscription.
   */
  onActionChange(actionId: string, listener: ActionListener): () => void;
}
