/**
 * An agent has one part under way, or one file. The others are for those that a broken network left
 * behind.
 */
export const MAX_REQUESTS_PER_MACHINE = 8;

/** What is used of a response. */
export interface OpenResponse {
  destroy(): unknown;
  once(event: "close", listener: () => void): unknown;
}

/**
 * Bounds the requests that one machine has open. Each may take 8 MiB of free disk space, a socket
 * and a file for as long as it sends now and then a byte. The oldest one is broken off for the
 * newest one, so that a device harms only itself.
 */
export class MachineRequests {
  /** Oldest first. */
  readonly #open = new Map<string, Set<OpenResponse>>();

  /** Until its response is over. */
  began(machineId: string, response: OpenResponse): void {
    const open = this.#open.get(machineId) ?? new Set<OpenResponse>();
    this.#open.set(machineId, open);
    open.add(response);
    response.once("close", () => {
      open.delete(response);
      if (open.size === 0 && this.#open.get(machineId) === open) this.#open.delete(machineId);
    });
    const [oldest] = open;
    if (oldest === undefined || open.size <= MAX_REQUESTS_PER_MACHINE) return;
    // It closes later, and until then the next one would break off the same one again.
    open.delete(oldest);
    oldest.destroy();
  }

  get machineCount(): number {
    return this.#open.size;
  }
}
