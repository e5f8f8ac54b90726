/** What a cluster runs on. Who builds one brings them: on a test's machine they are its own children. */
export interface ClusterEngines extends AsyncDisposable {
  readonly postgres: Engine;
  readonly nats: Engine;
  /** The blob store and its credentials, as settings of every node. */
  readonly blobs: Readonly<Record<string, string>>;
}

export interface Engine {
  readonly url: string;
  /** -9. */
  kill(): Promise<void>;
  /** On the same address; returns when it answers. */
  startAgain(): Promise<void>;
}
