/**
 * The backends of a cluster. The creator of a cluster provides them. On a test machine they are its
 * child processes.
 */
export interface ClusterBackends extends AsyncDisposable {
  readonly postgres: BackendProcess;
  readonly nats: BackendProcess;
  /** The blob store and its credentials, as settings of every node. */
  readonly blobs: Readonly<Record<string, string>>;
}

export interface BackendProcess {
  readonly url: string;
  /** Kills it with SIGKILL. */
  kill(): Promise<void>;
  /** On the same address; returns when it answers. */
  restart(): Promise<void>;
}
