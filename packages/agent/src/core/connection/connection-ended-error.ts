/** The connection ended; `code` is the WebSocket's close code, or null when there was none. */
export class ConnectionEndedError extends Error {
  override name = "ConnectionEndedError";
  readonly code: number | null;
  /**
   * True when the server authenticated the close, so no proxy can have forged it. In link version 1
   * every close after the welcome counts as authenticated, although it carries no proof.
   */
  readonly isProven: boolean;

  constructor(message: string, code: number | null = null, isProven = false) {
    super(message);
    this.code = code;
    this.isProven = isProven;
  }
}
