/**
 * Source of secret randomness: `sizeBytes` new random bytes per call. A port, so that tests and
 * replays are exact.
 */
export type Random = (sizeBytes: number) => Uint8Array;
