import type { Entity, Field } from "../../../src/odata/fields.ts";
import { ELEMENT, type Filter, type Operand, type Value } from "../../../src/odata/filter.ts";

const MIRRORED = { eq: "eq", ne: "ne", gt: "lt", ge: "le", lt: "gt", le: "ge" } as const;

/**
 * A filter as a caller might write it: spaces, letter cases, parentheses and forms of values are
 * chosen by `seed`.
 */
export function printFilter(filter: Filter, entity: Entity, seed: number): string {
  const fields = new Map([...entity.fields.values()].map((field) => [field.name, field]));
  return new Printer(fields, seed).filter(filter);
}

class Printer {
  readonly #fields: ReadonlyMap<string, Field>;
  #state: number;
  #variable = "t";

  constructor(fields: ReadonlyMap<string, Field>, seed: number) {
    this.#fields = fields;
    this.#state = seed | 0;
  }

  filter(filter: Filter): string {
    const { open, close } = this.#chance(8)
      ? { open: `(${this.#gap()}`, close: `${this.#gap()})` }
      : { open: "", close: "" };
    return `${open}${this.#bare(filter)}${close}`;
  }

  #bare(filter: Filter): string {
    switch (filter.kind) {
      case "and":
      case "or":
        return filter.operands
          .map((operand) => this.#tight(operand))
          .join(`${this.#space()}${this.#cased(filter.kind)}${this.#space()}`);
      case "not":
        return `${this.#cased("not")}${this.#space()}${this.#tight(filter.operand)}`;
      case "compare": {
        const field = this.#field(filter.operand);
        const value = this.#value(filter.operand, filter.value);
        const [left, operator, right] = this.#chance(4)
          ? [value, MIRRORED[filter.operator], field]
          : [field, filter.operator, value];
        return `${left}${this.#space()}${this.#cased(operator)}${this.#space()}${right}`;
      }
      case "in": {
        const values = filter.values.map((value) => this.#value(filter.operand, value));
        const list = values.join(`${this.#gap()},${this.#gap()}`);
        return `${this.#field(filter.operand)}${this.#space()}${this.#cased("in")}${this.#gap()}(${this.#gap()}${list}${this.#gap()})`;
      }
      case "match": {
        const text = this.#value(filter.operand, filter.text);
        const inner = `${this.#gap()}${this.#field(filter.operand)}${this.#gap()},${this.#gap()}${text}${this.#gap()}`;
        const truth = this.#chance(6) ? `${this.#space()}eq${this.#space()}${this.#cased("true")}` : "";
        return `${this.#cased(filter.how)}${this.#gap()}(${inner})${truth}`;
      }
      case "any": {
        const list = `${this.#cased(filter.field)}${this.#gap()}/${this.#gap()}${this.#cased("any")}${this.#gap()}`;
        if (filter.where === null) return `${list}(${this.#gap()})`;
        this.#variable = this.#pick(["t", "Tag", "x_1", "any", "machineTags"]);
        const { where } = filter;
        return `${list}(${this.#gap()}${this.#variable}${this.#gap()}:${this.#gap()}${this.filter(where)}${this.#gap()})`;
      }
    }
  }

  /** With parentheses where `and`, `or` and `not` need them. */
  #tight(filter: Filter): string {
    const chained = filter.kind === "and" || filter.kind === "or";
    return chained ? `(${this.#gap()}${this.#bare(filter)}${this.#gap()})` : this.filter(filter);
  }

  #field({ field, fold }: Operand): string {
    const known = this.#fields.get(field);
    const name = this.#cased(field === ELEMENT ? this.#variable : field);
    const anyFold = known?.kind === "enum" || known?.kind === "text";
    const wrapped = anyFold ? this.#pick(["none", "lower", "upper"] as const) : fold;
    return wrapped === "none"
      ? name
      : `${this.#cased(`to${wrapped}`)}${this.#gap()}(${this.#gap()}${name}${this.#gap()})`;
  }

  #value({ field }: Operand, value: Value): string {
    if (value === null || typeof value === "boolean") return this.#cased(String(value));
    const known = this.#fields.get(field);
    if (typeof value === "number") {
      const text = known?.kind === "datetime" ? this.#datetime(value) : String(value);
      return this.#chance(4) ? `'${text}'` : text;
    }
    const free = known?.kind === "enum" || known?.kind === "text";
    return `'${(free ? this.#cased(value) : value).replaceAll("'", "''")}'`;
  }

  #datetime(ms: number): string {
    const whole = Math.floor(ms);
    const offsetMinutes = this.#chance(3) ? this.#pick([-330, -60, 0, 90, 840]) : undefined;
    const local = new Date(whole + (offsetMinutes ?? 0) * 60_000).toISOString();
    const fraction = `${local.slice(19, 23)}${whole === ms ? "" : this.#pick(["1", "0001", "9999"])}`;
    const short = fraction.replace(/\.?0+$/, "");
    const zone = offsetMinutes === undefined ? this.#pick(["Z", "z", ""]) : offset(offsetMinutes);
    const clock = local.slice(10, 19);
    if (short === "" && clock === "T00:00:00" && this.#chance(2)) return `${local.slice(0, 10)}${zone}`;
    return `${local.slice(0, 19)}${this.#chance(2) ? fraction : short}${zone}`;
  }

  #cased(text: string): string {
    const way = this.#pick(["as it is", "lower", "upper", "mixed"]);
    if (way === "as it is") return text;
    return text.replace(/[A-Za-z]/g, (letter) =>
      way === "upper" || (way === "mixed" && this.#chance(2)) ? letter.toUpperCase() : letter.toLowerCase(),
    );
  }

  #space(): string {
    return this.#pick([" ", " ", " ", "  ", "\t", "\r\n"]);
  }

  #gap(): string {
    return this.#pick(["", "", "", " ", " \n"]);
  }

  /** True once in `many`. */
  #chance(many: number): boolean {
    return this.#next() % many === 0;
  }

  #pick<const T>(choices: readonly [T, ...T[]]): T {
    return choices[this.#next() % choices.length] ?? choices[0];
  }

  /** xorshift: only for variety. */
  #next(): number {
    this.#state ^= this.#state << 13;
    this.#state ^= this.#state >>> 17;
    this.#state ^= this.#state << 5;
    this.#state = this.#state === 0 ? 1 : this.#state;
    return this.#state >>> 3;
  }
}

function offset(minutes: number): string {
  const size = Math.abs(minutes);
  const two = (value: number) => String(value).padStart(2, "0");
  return `${minutes < 0 ? "-" : "+"}${two(Math.floor(size / 60))}:${two(size % 60)}`;
}
