import type { ActionListener, NewerConnection, TransferProgress, WakeListener } from "./bus.ts";

/**
 * The listeners of one node. They are called after the current turn of the event loop, so that a
 * publisher never runs their code.
 */
export class Subscribers {
  readonly #machineListeners = new Set<WakeListener>();
  readonly #lostListeners = new Set<() => void>();
  readonly #announcementListeners = new Set<(connection: NewerConnection) => void>();
  readonly #actionListeners = new Map<string, Set<ActionListener>>();

  wake(machineId: string, isRemote = false): void {
    queueMicrotask(() => {
      for (const listener of this.#machineListeners) listener(machineId, isRemote);
    });
  }

  connectionAnnounced(connection: NewerConnection): void {
    queueMicrotask(() => {
      for (const listener of this.#announcementListeners) listener(connection);
    });
  }

  changed(actionId: string, isRemote = false): void {
    this.#notify(actionId, (listener) => listener.changed(isRemote));
  }

  transferred(progress: TransferProgress): void {
    this.#notify(progress.actionId, (listener) => listener.transferred(progress));
  }

  lost(): void {
    for (const listener of this.#lostListeners) listener();
  }

  onLost(listener: () => void): () => void {
    this.#lostListeners.add(listener);
    return () => this.#lostListeners.delete(listener);
  }

  onWake(listener: WakeListener): () => void {
    this.#machineListeners.add(listener);
    return () => this.#machineListeners.delete(listener);
  }

  onConnectionAnnounced(listener: (connection: NewerConnection) => void): () => void {
    this.#announcementListeners.add(listener);
    return () => this.#announcementListeners.delete(listener);
  }

  /**
   * `onFirst` is called for the first listener of an action, `onLast` when its last one has gone.
   */
  onAction(
    actionId: string,
    listener: ActionListener,
    { onFirst, onLast }: { onFirst?: () => void; onLast?: () => void } = {},
  ): () => void {
    const listeners = this.#actionListeners.get(actionId) ?? new Set();
    listeners.add(listener);
    if (listeners.size === 1) {
      this.#actionListeners.set(actionId, listeners);
      onFirst?.();
    }
    return () => {
      if (!listeners.delete(listener) || listeners.size > 0) return;
      this.#actionListeners.delete(actionId);
      onLast?.();
    };
  }

  watchedActions(): Iterable<string> {
    return this.#actionListeners.keys();
  }

  #notify(actionId: string, notify: (listener: ActionListener) => void): void {
    if (!this.#actionListeners.has(actionId)) return;
    queueMicrotask(() => {
      for (const listener of this.#actionListeners.get(actionId) ?? []) notify(listener);
    });
  }
}
