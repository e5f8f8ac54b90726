/** Shortest wait of a device after `tooOften`. */
export const TOO_OFTEN_WAIT_MS = 10_000;

/** Why the server closes a link; the codes are WebSocket close codes. */
export const LINK_CLOSE = {
  /** The server stops or moves. The agent reconnects with backoff. */
  goingAway: 1001,
  /** The server received an unknown frame, or a frame out of order. */
  protocol: 4400,
  /** The response to the challenge was wrong or came from an unknown machine. */
  unauthorized: 4401,
  /** A newer connection of the same machine was accepted. */
  replaced: 4409,
  /**
   * The machine is in quarantine: two devices use its key, or an operator does not trust it. The
   * close reason says which.
   */
  quarantined: 4423,
  /** The machine was retired. The server accepts nothing from this device. */
  retired: 4410,
  /** The peer was silent, or did not read what was sent. */
  silent: 4408,
  /**
   * The machine connected too often. It waits at least {@link TOO_OFTEN_WAIT_MS} before it
   * reconnects.
   */
  tooOften: 4429,
} as const;
