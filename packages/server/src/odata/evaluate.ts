import { asciiLower, compareText } from "./compare-text.ts";
import { type ComparisonOperator, ELEMENT, type FieldValue, type Filter, type Operand, type Value } from "./filter.ts";

/** A record's fields by their names in the entity's table. Ids are in lower case, as stored. */
export type FilterRecord = Readonly<Record<string, FieldValue>>;

/**
 * Whether a record meets the filter. Defines the meaning of a filter; tests compare the stores' SQL
 * with it.
 */
export function meets(filter: Filter, record: FilterRecord): boolean {
  switch (filter.kind) {
    case "and":
      return filter.operands.every((operand) => meets(operand, record));
    case "or":
      return filter.operands.some((operand) => meets(operand, record));
    case "not":
      return !meets(filter.operand, record);
    case "compare":
      return compares(readValue(filter.operand, record), filter.operator, filter.value);
    case "in": {
      const value = readValue(filter.operand, record);
      return filter.values.some((listed) => listed === value);
    }
    case "match": {
      const value = readValue(filter.operand, record);
      if (typeof value !== "string") return false;
      if (filter.how === "startswith") return value.startsWith(filter.text);
      return filter.how === "endswith" ? value.endsWith(filter.text) : value.includes(filter.text);
    }
    case "any": {
      const { where } = filter;
      const elements = readList(filter.field, record);
      return elements.some((element) => where === null || meets(where, { [ELEMENT]: element }));
    }
  }
}

function readValue({ field, fold }: Operand, record: FilterRecord): Value {
  const value = record[field];
  if (value === undefined || typeof value === "object") {
    if (value === null) return null;
    throw new Error(`the record has no single value ${field}`);
  }
  if (typeof value !== "string" || fold === "none") return value;
  return asciiLower(value);
}

function readList(field: string, record: FilterRecord): readonly string[] {
  const value = record[field];
  if (typeof value === "object" && value !== null) return value;
  throw new Error(`the record has no list ${field}`);
}

function compares(value: Value, operator: ComparisonOperator, other: Value): boolean {
  if (operator === "eq") return value === other;
  if (operator === "ne") return value !== other;
  const sign = compared(value, other);
  if (sign === undefined) return false;
  if (operator === "gt") return sign > 0;
  if (operator === "ge") return sign >= 0;
  return operator === "lt" ? sign < 0 : sign <= 0;
}

/** Undefined when one value is null, because null is neither before nor after any value. */
function compared(value: Value, other: Value): number | undefined {
  if (typeof value === "string" && typeof other === "string") return compareText(value, other);
  if (typeof value === "number" && typeof other === "number") return value - other;
  return undefined;
}
