/**
 * Wake-ups between the parts of the server (and, later, between its nodes). A wake-up is a hint and may be lost: the store
 * is the truth and is read again on every connect and at intervals.
 */
export interface Bus {
  /** "Machine M has work": something to claim, or to end. Never fails and never waits. */
  wakeMachine(machineId: string): void;
  /** Returns the function that ends the subscription. */
  onMachineWake(listener: (machineId: string) => void): () => void;
}
