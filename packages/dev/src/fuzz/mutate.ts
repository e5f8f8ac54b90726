import type { SeededRandom } from "../torture/seeded-random.ts";
import { strangeText, strangeValue } from "./strange-values.ts";

/** A JSON text that is nearly what was given: changed as data, as text, or as bytes. */
export function mutated(value: unknown, random: SeededRandom): string | Buffer {
  const changes = random.pick([1, 1, 1, 2, 3]);
  let changed: unknown = structuredClone(value);
  if (random.chance(0.7)) {
    for (let i = 0; i < changes; i += 1) changed = changedData(changed, random);
    return JSON.stringify(changed) ?? "undefined";
  }
  const text = JSON.stringify(changed);
  if (random.chance(0.6)) return changedText(text, random);
  const bytes = Buffer.from(text);
  for (let i = 0; i < changes; i += 1) bytes[random.between(0, bytes.length - 1)] = random.between(0, 255);
  return bytes;
}

/** Goes down a random way and changes what is there. */
function changedData(value: unknown, random: SeededRandom): unknown {
  if (Array.isArray(value)) {
    if (value.length > 0 && random.chance(0.6)) {
      const at = random.between(0, value.length - 1);
      return value.map((item: unknown, i) => (i === at ? changedData(item, random) : item));
    }
    return random.chance(0.5) ? [...value, strangeValue(random)] : Array(random.pick([2, 65, 1_001])).fill(value[0]);
  }
  if (typeof value === "object" && value !== null) {
    const entries = Object.entries(value);
    const at = random.between(0, entries.length - 1);
    switch (random.between(0, 5)) {
      case 0:
        return Object.fromEntries(entries.filter((_, i) => i !== at));
      case 1:
        return Object.fromEntries([...entries, [strangeText(random), strangeValue(random)]]);
      case 2:
        return Object.fromEntries(entries.map(([key, item], i) => [i === at ? strangeText(random) : key, item]));
      default:
        return Object.fromEntries(entries.map(([key, item], i) => [key, i === at ? changedData(item, random) : item]));
    }
  }
  if (typeof value === "number" && random.chance(0.3)) return value + random.pick([-1, 1, 0.5]);
  return strangeValue(random);
}

const PIECES = [
  "{",
  "}",
  "[",
  "]",
  ",",
  ":",
  '"',
  "\\",
  "\\u0000",
  "\\ud800",
  "//",
  "0",
  "-",
  "1e999",
  '"__proto__":{},',
];

function changedText(text: string, random: SeededRandom): string {
  const at = random.between(0, text.length);
  const end = random.between(at, text.length);
  switch (random.between(0, 5)) {
    case 0:
      return text.slice(0, at);
    case 1:
      return text.slice(0, at) + text.slice(end);
    case 2:
      return text.slice(0, at) + text.slice(at, end) + text.slice(at);
    case 3:
      return `${text}${text}`;
    case 4:
      // The same key twice: parsers differ in which one they take.
      return text.replace("{", `{"type":"ping","orderSeq":1,`);
    default:
      return text.slice(0, at) + (random.pickAny(PIECES) ?? "") + text.slice(at);
  }
}
