/** A program that runs scripts on devices and moves files, ours or another, as a caller uses it. */
export interface Competitor extends AsyncDisposable {
  readonly name: string;
  /** Work of Halligan that it does not do. Printed with its figures. */
  readonly lacks: string;
  /** How many devices take scripts at the same time; 0: it is measured with one only. */
  readonly devices: number;
  /** With one device it takes part in every n-th round: a run of a slow one takes seconds. */
  readonly everyRounds: number;
  /** Runs `echo ok`; resolves with the output, at the caller. */
  run(device: number): Promise<string>;
  /** Null where it moves no files. */
  readonly files: FileMoves | null;
  readonly processes: { readonly server: number; readonly agents: readonly number[] } | null;
}

/** Between a folder of the caller and the first device. */
export interface FileMoves {
  /** Resolves with the path on the device when the device has all of it. */
  put(file: string): Promise<string>;
  /** Resolves when the caller has all of it in `to`. */
  get(pathOnDevice: string, to: string): Promise<void>;
}
