const MIB = 1024 * 1024;

/** Bounds of the HTTP edge. Times in milliseconds, sizes in bytes. */
export interface HttpLimits {
  /** Longest JSON body; a longer one is refused with 400 `InvalidRequestBody`. Default 1 MiB. */
  readonly jsonBytes: number;
  /**
   * Bytes of unfinished JSON and form bodies of one account or machine; at least two whole bodies.
   * Default 16 MiB.
   */
  readonly ownerBodyBytes: number;
  /**
   * The same of one address without authentication. Default 1 MiB, 40 times the longest such body.
   */
  readonly addressBodyBytes: number;
  /** The same of all callers. Default 128 MiB. */
  readonly allBodyBytes: number;
  /** Deepest nesting of a JSON body. Default 32. */
  readonly jsonDepth: number;
  /** Longest text field of a multipart body. Default 64 KiB. */
  readonly fieldBytes: number;
  /** Most parts of a multipart body. Default 32. */
  readonly multipartParts: number;
  /**
   * Most bytes of an unwanted body that are received before the response, so that a client that
   * writes everything before it reads can read the response. A larger body closes the connection.
   * Also the budget of one caller or address, which is refilled by 1 MiB a second. Default 32 MiB.
   */
  readonly drainBytes: number;
  /**
   * The same for a request without authentication, on routes that want none and where a body is
   * sent in chunks: a chunk of one byte costs more than a megabyte of a body with a length. Default
   * 256 KiB.
   */
  readonly anonymousDrainBytes: number;
  /**
   * The same for the agent of one machine, as a budget that fills up again with 1 MiB a second. An
   * agent stops sending when it has its response. Default 8 MiB, which is one part.
   */
  readonly ticketDrainBytes: number;
  /**
   * How long a connection stays open after the refusal of a body that is not received. Default 1 s.
   */
  readonly lingerMs: number;
  /**
   * Time for a whole JSON or form body, and for draining. Streams have {@link
   * HttpLimits.inactivityMs} instead. Default 30 s.
   */
  readonly bodyTimeoutMs: number;
  /**
   * How long a refusal of too many unauthenticated requests waits before it is sent. Default 1 s.
   */
  readonly refusalDelayMs: number;
  /** Time for a TLS handshake, from its first byte. Default 10 s. */
  readonly tlsHandshakeTimeoutMs: number;
  /** Time for the request line and all headers. Default 20 s. */
  readonly headersTimeoutMs: number;
  /**
   * Longest time without a byte in either direction while a request is open; then the connection is
   * closed. Ends stalled uploads and downloads. A bound on the whole request would fail, because
   * 2 GB over a slow line may take hours. Default 120 s.
   */
  readonly inactivityMs: number;
  /** How long an idle connection is kept. Above the 60 s that proxies keep theirs. Default 75 s. */
  readonly keepAliveMs: number;
  /** Request line and headers together; a filter may name hundreds of ids. Default 64 KiB. */
  readonly headerBytes: number;
  /** How long requests in flight may go on when the server closes. Default 10 s. */
  readonly closeGraceMs: number;
}

export const DEFAULT_HTTP_LIMITS: HttpLimits = {
  jsonBytes: MIB,
  ownerBodyBytes: 16 * MIB,
  addressBodyBytes: MIB,
  allBodyBytes: 128 * MIB,
  jsonDepth: 32,
  fieldBytes: 64 * 1024,
  multipartParts: 32,
  drainBytes: 32 * MIB,
  anonymousDrainBytes: 256 * 1024,
  ticketDrainBytes: 8 * MIB,
  lingerMs: 1_000,
  bodyTimeoutMs: 30_000,
  refusalDelayMs: 1_000,
  tlsHandshakeTimeoutMs: 10_000,
  headersTimeoutMs: 20_000,
  inactivityMs: 120_000,
  keepAliveMs: 75_000,
  headerBytes: 64 * 1024,
  closeGraceMs: 10_000,
};
