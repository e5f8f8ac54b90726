/** The connection ended. `code` is the WebSocket close code, or null when there was none. */
export class LinkEnded extends Error {
  override name = "LinkEnded";
  readonly code: number | null;
  /** True when the server authenticated the close. A proxy cannot have forged it. */
  readonly isProven: boolean;

  constructor(message: string, code: number | null = null, isProven = false) {
    super(message);
    this.code = code;
    this.isProven = isProven;
  }
}
