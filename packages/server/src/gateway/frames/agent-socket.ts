/**
 * The gateway's interface to one connection with a device. The adapter over `ws` is
 * `ws-gateway.ts`; the simulation has its own. Frames arrive in order. No event follows `closed`.
 */
export interface AgentSocket {
  readonly remoteAddress: string;
  sendBinary(frame: Uint8Array): void;
  sendText(frame: string): void;
  /**
   * Bytes that were sent but not yet taken by the network. They grow when a device does not read.
   */
  bufferedBytes(): number;
  /** Repeated calls have no effect. */
  close(code: number, reason: string): void;
}

/** Events of the socket that the connection handles. */
export interface AgentSocketEvents {
  /** The device is known and its hello was answered. */
  readonly isReady: boolean;
  binary(frame: Uint8Array): void;
  /**
   * Returns the cost of handling the frame: one of `HANDLING_UNITS`, `askedForUnits`, or 0 for a
   * due report.
   */
  text(frame: string): number;
  closed(): void;
}
