/** Source of secret randomness: `sizeBytes` fresh random bytes a call. A port, so that tests and replays are exact. */
export type Random = (sizeBytes: number) => Uint8Array;
