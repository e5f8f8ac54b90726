/**
 * Lines that are kept of one action: enough for its whole history. Of a longer history, the
 * beginning and the end are kept.
 */
const KEPT_LINES = 80;
const MAX_LINE_CHARACTERS = 400;
const GUID = /[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}/;
const ACTION = new RegExp(`"actionId":"(${GUID.source})"|/machineactions/(${GUID.source})`);
const ERROR = /"level":(50|60|"error")/;
/** Every part of a node logs this many times a second while its database is unavailable. */
const STORE_UNAVAILABLE = /"type":"StoreUnavailableError"/;

/**
 * Collects what every program reports of each action, in the order of arrival, to explain a
 * failure.
 */
export class EventHistory {
  readonly #begunMs = performance.now();
  readonly #byAction = new Map<string, string[]>();
  readonly #faults: string[] = [];

  /** `line`: a log line of a program, or a message of a caller. */
  observe(who: string, line: string): void {
    const found = ACTION.exec(line);
    const actionId = found?.[1] ?? found?.[2];
    if (actionId !== undefined) this.note(who, actionId, line);
    else if (ERROR.test(line) && !STORE_UNAVAILABLE.test(line)) this.fault(`${who}: ${line}`);
  }

  note(who: string, actionId: string, text: string): void {
    const lines = this.#byAction.get(actionId) ?? [];
    this.#byAction.set(actionId, lines);
    lines.push(`${this.#now()} ${who.padEnd(8)} ${text.slice(0, MAX_LINE_CHARACTERS)}`);
    if (lines.length > KEPT_LINES) lines.splice(KEPT_LINES / 2, 1);
  }

  /** A fault that was injected, or an error without the id of an action. */
  fault(text: string): void {
    this.#faults.push(`${this.#now()} ${text.slice(0, 2 * MAX_LINE_CHARACTERS)}`);
    if (this.#faults.length > KEPT_LINES * 4) this.#faults.shift();
  }

  /** The history of the first few actions that these texts name, and the faults around it. */
  explain(texts: readonly string[], atMost = 4): string {
    const ids = new Set(texts.flatMap((text) => GUID.exec(text)?.[0] ?? []));
    const histories = [...ids].slice(0, atMost).map((id) => {
      const lines = this.#byAction.get(id) ?? ["nothing was reported about it"];
      return `action ${id}:\n  ${lines.join("\n  ")}`;
    });
    return [...histories, `faults:\n  ${this.#faults.join("\n  ")}`].join("\n");
  }

  #now(): string {
    return `${((performance.now() - this.#begunMs) / 1_000).toFixed(3).padStart(8)}`;
  }
}
