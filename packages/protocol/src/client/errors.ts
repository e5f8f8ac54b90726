/**
 * The API refused the request, or throttled it longer than `maxRetryWaitMs`.
 *
 * `code` is the contract's (`ResourceNotFound`, `TooManyRequests`, ...). It is `HTTP_<status>` when
 * the body is not an error body of the contract, for example the page of a proxy. `target` is the
 * correlation id, which is also in the server's log; null when the response has none.
 *
 * @example
 * ```ts
 * try {
 *   await client.getMachine("device-1");
 * } catch (error) {
 *   if (!(error instanceof ApiError) || error.code !== "ResourceNotFound") throw error;
 *   console.log("no such machine");
 * }
 * ```
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

/**
 * The token endpoint refused. `code` is the `error` of OAuth, for example `invalid_client`, or
 * `HTTP_<status>`.
 *
 * @example
 * ```ts
 * try {
 *   await client.verifyCredentials();
 * } catch (error) {
 *   if (error instanceof TokenError) console.log(error.status, error.code);
 *   else throw error;
 * }
 * ```
 */
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

/**
 * No response: the connection was refused or reset, the name was not found, or the server was
 * silent for longer than `responseTimeoutMs`. `cause` is the error of the runtime.
 *
 * @example
 * ```ts
 * const info = await client.info().catch((error: unknown) => {
 *   if (error instanceof UnreachableError) return null;
 *   throw error;
 * });
 * console.log(info === null ? "offline" : info.version);
 * ```
 */
export class UnreachableError extends Error {
  override readonly name = "UnreachableError";
}

/**
 * A response does not fit the contract. No part of it was used.
 *
 * @example
 * ```ts
 * const info = await client.info().catch((error: unknown) => {
 *   if (error instanceof UnexpectedResponseError) return null;
 *   throw error;
 * });
 * console.log(info === null ? "not Halligan" : info.version);
 * ```
 */
export class UnexpectedResponseError extends Error {
  override readonly name = "UnexpectedResponseError";
}
