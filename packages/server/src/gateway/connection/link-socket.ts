/**
 * One connection to a device as the gateway sees it. The adapter over `ws` is `ws-gateway.ts`; a simulation brings its own.
 * Frames arrive in order; nothing arrives after `onClose`.
 */
export interface LinkSocket {
  readonly remoteAddress: string;
  sendBinary(frame: Uint8Array): void;
  sendText(frame: string): void;
  /** Bytes handed over but not yet taken by the network: a device that does not read. */
  bufferedBytes(): number;
  /** Further calls do nothing. */
  close(code: number, reason: string): void;
}

/** What the link wants to hear of its socket. */
export interface LinkSocketEvents {
  /** The device is known and its hello answered. */
  readonly isReady: boolean;
  binary(frame: Uint8Array): void;
  /** What handling it costs: one of `HANDLING_UNITS`. */
  text(frame: string): number;
  closed(): void;
}
