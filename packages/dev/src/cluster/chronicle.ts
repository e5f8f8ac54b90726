/** Kept of one action: enough for its whole way; of one that goes in circles, the beginning and the end. */
const KEPT_LINES = 80;
const MAX_LINE_CHARACTERS = 400;
const GUID = /[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}/;
const ACTION = new RegExp(`"actionId":"(${GUID.source})"|/machineactions/(${GUID.source})`);
const ERROR = /"level":(50|60|"error")/;
/** What every part of a node says, many times a second, while its database is away. */
const AWAY = /"type":"StoreUnavailable"/;

/** What everybody said of each action, in the order in which it was heard here, so that a failure can tell it. */
export class Chronicle {
  readonly #begunMs = performance.now();
  readonly #byAction = new Map<string, string[]>();
  readonly #faults: string[] = [];

  /** A line of a program, or a word of a caller's. */
  heard(who: string, line: string): void {
    const found = ACTION.exec(line);
    const actionId = found?.[1] ?? found?.[2];
    if (actionId !== undefined) this.note(who, actionId, line);
    else if (ERROR.test(line) && !AWAY.test(line)) this.fault(`${who}: ${line}`);
  }

  note(who: string, actionId: string, text: string): void {
    const lines = this.#byAction.get(actionId) ?? [];
    this.#byAction.set(actionId, lines);
    lines.push(`${this.#now()} ${who.padEnd(8)} ${text.slice(0, MAX_LINE_CHARACTERS)}`);
    if (lines.length > KEPT_LINES) lines.splice(KEPT_LINES / 2, 1);
  }

  /** What was broken, and what went wrong without an action's name. */
  fault(text: string): void {
    this.#faults.push(`${this.#now()} ${text.slice(0, 2 * MAX_LINE_CHARACTERS)}`);
    if (this.#faults.length > KEPT_LINES * 4) this.#faults.shift();
  }

  /** The history of the first few actions that these texts name, and the faults around it. */
  explain(texts: readonly string[], atMost = 4): string {
    const ids = new Set(texts.flatMap((text) => GUID.exec(text)?.[0] ?? []));
    const ways = [...ids].slice(0, atMost).map((id) => {
      const lines = this.#byAction.get(id) ?? ["nothing was reported about it"];
      return `action ${id}:\n  ${lines.join("\n  ")}`;
    });
    return [...ways, `faults:\n  ${this.#faults.join("\n  ")}`].join("\n");
  }

  #now(): string {
    return `${((performance.now() - this.#begunMs) / 1_000).toFixed(3).padStart(8)}`;
  }
}
