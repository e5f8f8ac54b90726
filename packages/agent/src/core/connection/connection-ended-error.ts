/** The connection ended; `code` is the WebSocket's close code, or null when there was none. */
export class ConnectionEndedError extends Error {
  override name = "ConnectionEndedError";
  readonly code: number | null;
  /** True when the server authenticated the close. A proxy cannot have forged it. */
  readonly isProven: boolean;

  constructor(message: string, code: number | null = null, isProven = false) {
    super(message);
    this.code = code;
    this.isProven = isProven;
  }
}
