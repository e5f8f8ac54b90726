import { cleanText, textFault } from "@halligan/protocol/text";

/** What a JSON text says, or what is wrong with it, as a sentence for whoever wrote it. */
export type JsonReading = { readonly value: unknown } | { readonly fault: string };

type Frame =
  | { readonly kind: "object"; readonly keys: Set<string>; key: string }
  | { readonly kind: "array"; index: number };

/**
 * JSON as RFC 8259 has it, without what readers disagree about, much as I-JSON (RFC 7493) restricts it. Refused with their place: a name
 * given twice in one object (JSON.parse silently keeps the last), `__proto__`, a lone surrogate or a NUL in any name or value, a number
 * beyond ±(2^53 - 1), nesting beyond `maxDepth`. Property names keep their case: the contract's are case-sensitive.
 */
export function readJsonText(text: string, maxDepth: number): JsonReading {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    const position = error instanceof Error ? /position (\d+)/.exec(error.message)?.[1] : undefined;
    return {
      fault: position === undefined ? "it is not valid JSON" : `it is not valid JSON (at character ${position})`,
    };
  }
  const fault = findFault(text, maxDepth);
  return fault === null ? { value } : { fault };
}

/** In a text that is known to be valid JSON, outside strings. */
const NUMBER = /-?\d[\d.eE+-]*/y;

/** Walks a text that is known to be valid JSON. */
function findFault(text: string, maxDepth: number): string | null {
  const frames: Frame[] = [];
  let isName = false;
  for (let i = 0; i < text.length; i += 1) {
    const frame = frames.at(-1);
    switch (text[i]) {
      case "{":
      case "[": {
        if (frames.length >= maxDepth) return `it is nested deeper than ${maxDepth} levels`;
        isName = text[i] === "{";
        frames.push(isName ? { kind: "object", keys: new Set(), key: "" } : { kind: "array", index: 0 });
        break;
      }
      case "}":
      case "]":
        frames.pop();
        break;
      case ",":
        if (frame?.kind === "array") frame.index += 1;
        isName = frame?.kind === "object";
        break;
      case '"': {
        const end = endOfString(text, i);
        const quoted = text.slice(i, end + 1);
        // Without escapes it is as clean as the bytes that it came from: strict UTF-8, and no JSON with a raw NUL is valid.
        const fault = quoted.includes("\\u") ? textFault(decodeString(quoted)) : null;
        if (isName && frame?.kind === "object") frame.key = decodeString(quoted);
        if (fault !== null) return `${pathOf(frames)} ${fault}`;
        if (isName && frame?.kind === "object") {
          if (frame.keys.has(frame.key)) return `${pathOf(frames)} is given more than once`;
          if (frame.key === "__proto__") return `${pathOf(frames)} is not a property name that is accepted`;
          frame.keys.add(frame.key);
          isName = false;
        }
        i = end;
        break;
      }
      default: {
        NUMBER.lastIndex = i;
        const [number] = NUMBER.exec(text) ?? [];
        if (number === undefined) break;
        if (Math.abs(Number(number)) > Number.MAX_SAFE_INTEGER) {
          return `${pathOf(frames)} is a number beyond ${Number.MAX_SAFE_INTEGER}, which cannot be held exactly`;
        }
        i += number.length - 1;
      }
    }
  }
  return null;
}

function endOfString(text: string, start: number): number {
  let i = start + 1;
  while (text[i] !== '"') i += text[i] === "\\" ? 2 : 1;
  return i;
}

const decodeString = (quoted: string): string => {
  if (!quoted.includes("\\")) return quoted.slice(1, -1);
  const decoded: unknown = JSON.parse(quoted);
  return typeof decoded === "string" ? decoded : quoted;
};

/** Longest name that is repeated in a message. */
const MAX_NAME_CHARS = 80;

/** A place as people write it: `Commands[0].params[1].key`. */
const pathOf = (frames: readonly Frame[]): string =>
  frames.reduce((path, frame) => {
    if (frame.kind === "array") return `${path}[${frame.index}]`;
    const name = cleanText(frame.key.slice(0, MAX_NAME_CHARS));
    return path === "" ? name : `${path}.${name}`;
  }, "") || "the body";
