/**
 * The API refused the request, or kept refusing it as throttled until the bound on waiting.
 *
 * `code` is the contract's (`ResourceNotFound`, `TooManyRequests`, ...), or `HTTP_<status>` when the body was not the
 * contract's, as from a proxy in between. `target` is the correlation id that the server's log has too, null when the
 * answer had none.
 */
export class ApiError extends Error {
  override readonly name = "ApiError";
  readonly status: number;
  readonly code: string;
  readonly target: string | null;

  constructor(fields: { status: number; code: string; message: string; target: string | null }) {
    super(fields.message);
    this.status = fields.status;
    this.code = fields.code;
    this.target = fields.target;
  }
}

/** The token endpoint refused. `code` is OAuth's `error`, for example `invalid_client`, or `HTTP_<status>`. */
export class TokenError extends Error {
  override readonly name = "TokenError";
  readonly status: number;
  readonly code: string;

  constructor(fields: { status: number; code: string; message: string }) {
    super(fields.message);
    this.status = fields.status;
    this.code = fields.code;
  }
}

/** No answer: refused, reset, name not found, or silent for too long. `cause` is what the runtime said. */
export class UnreachableError extends Error {
  override readonly name = "UnreachableError";
}

/** An answer came, and it is not what the contract promises: nothing of it was used. */
export class UnexpectedAnswerError extends Error {
  override readonly name = "UnexpectedAnswerError";
}
