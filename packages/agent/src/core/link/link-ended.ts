/** The link ended; `code` is the WebSocket's close code, or null when there was none. */
export class LinkEnded extends Error {
  override name = "LinkEnded";
  readonly code: number | null;
  /** The server itself said so: nothing between can have made it up. */
  readonly isProven: boolean;

  constructor(message: string, code: number | null = null, isProven = false) {
    super(message);
    this.code = code;
    this.isProven = isProven;
  }
}
