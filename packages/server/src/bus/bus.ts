/** How far a file has come on its way from or to a device. */
export interface TransferProgress {
  readonly actionId: string;
  /** Of the command in the action. */
  readonly index: number;
  /** From the beginning of the file; less than before when the device began anew. */
  readonly transferredBytes: number;
}

/** A machine's newest link, for whoever holds an older one. */
export interface TakenLink {
  readonly machineId: string;
  readonly linkEpoch: number;
  /** Of the link's hello. */
  readonly journalId: string;
  /** The same; null for link version 1. */
  readonly processId: string | null;
}

/** `isRemote`: another client of the bus says so. There may be any number of those. */
export type WakeListener = (machineId: string, isRemote: boolean) => void;

/** Told what happens to one action. What it is told may be late, doubled or missing. */
export interface ActionListener {
  /** The row may be another one than before. `isRemote`: another client of the bus says so. */
  changed(isRemote: boolean): void;
  transferred(progress: TransferProgress): void;
}

/**
 * Hints between the parts of the server and between its nodes. A hint may be lost: the store is the truth and is read again on
 * every connect and at intervals. Nothing here fails or waits, and nothing is kept for later.
 */
export interface Bus {
  /** "Machine M has work": something to claim, or to end. */
  wakeMachine(machineId: string): void;
  /** Returns the function that ends the subscription. */
  onMachineWake(listener: WakeListener): () => void;
  /** "Machine M has dialled this node": another one held its link a moment ago. */
  linkTaken(link: TakenLink): void;
  /** Told of links that other nodes have taken. Returns the function that ends the subscription. */
  onLinkTaken(listener: (link: TakenLink) => void): () => void;
  /**
   * Hints of other nodes were lost, and this node knows it: what they were about is to be looked up. Called again and again as long as
   * that lasts. Returns the function that ends it.
   */
  onHintsLost(listener: () => void): () => void;
  /** The action's row was changed, and the change is durable. */
  actionChanged(actionId: string): void;
  /** May be called for every chunk: few of them are passed on. */
  transferProgress(progress: TransferProgress): void;
  /** By the action, so that a busy deployment costs a node only what it has watchers for. Returns the function that ends it. */
  onActionChange(actionId: string, listener: ActionListener): () => void;
}
