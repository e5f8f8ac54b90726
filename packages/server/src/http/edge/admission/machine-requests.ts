/**
 * Most open requests of one machine. An agent transfers one part or one file at a time. The others
 * allow for requests whose connection broke and that the server has not noticed yet.
 */
export const MAX_REQUESTS_PER_MACHINE = 8;

/** What is used of a response. */
export interface OpenResponse {
  destroy(): unknown;
  once(event: "close", listener: () => void): unknown;
}

/**
 * Bounds the open requests of one machine. Each may use 8 MiB of disk space, a socket and a file as
 * long as it sends a byte now and then. A request over the bound aborts the oldest one, so that a
 * device harms only itself.
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
    // Its close event comes later. Until then the next request would abort the same one again.
    open.delete(oldest);
    oldest.destroy();
  }

  get machineCount(): number {
    return this.#open.size;
  }
}
