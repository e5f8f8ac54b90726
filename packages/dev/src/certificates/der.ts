/** The few kinds of DER (X.690) that a certificate is made of. */
const LONG_FORM = 0x80;

function element(tag: number, ...contents: readonly Uint8Array[]): Buffer {
  const content = Buffer.concat(contents);
  const sizeBytes: number[] = [];
  for (let left = content.length; left > 0; left = Math.floor(left / 256)) sizeBytes.unshift(left % 256);
  const size = content.length < LONG_FORM ? [content.length] : [LONG_FORM | sizeBytes.length, ...sizeBytes];
  return Buffer.concat([Buffer.of(tag, ...size), content]);
}

export const sequence = (...parts: readonly Uint8Array[]) => element(0x30, ...parts);
export const set = (...parts: readonly Uint8Array[]) => element(0x31, ...parts);
export const octets = (content: Uint8Array) => element(0x04, content);
export const bits = (content: Uint8Array) => element(0x03, Buffer.of(0), content);
export const text = (value: string) => element(0x0c, Buffer.from(value, "utf8"));
export const truth = () => element(0x01, Buffer.of(0xff));
/** `[n]` around what it holds. */
export const explicit = (n: number, ...parts: readonly Uint8Array[]) => element(0xa0 | n, ...parts);
/** `[n]` in place of the tag that the content would have. */
export const implicit = (n: number, content: Uint8Array) => element(0x80 | n, content);

/** Not negative: a first bit that is set gets a zero byte before it. */
export function integer(bytes: Uint8Array): Buffer {
  return element(0x02, ...((bytes[0] ?? 0) >= LONG_FORM ? [Buffer.of(0)] : []), bytes);
}

export function objectId(dotted: string): Buffer {
  const [first = 0, second = 0, ...rest] = dotted.split(".").map(Number);
  return element(0x06, Buffer.of(first * 40 + second, ...rest.flatMap(base128)));
}

function base128(value: number): number[] {
  const digits = [value % 128];
  for (let left = Math.floor(value / 128); left > 0; left = Math.floor(left / 128)) digits.unshift((left % 128) | 0x80);
  return digits;
}

/** UTCTime, which a certificate has for dates before 2050. */
export function utcTime(atMs: number): Buffer {
  const digits = new Date(atMs)
    .toISOString()
    .replace(/\.\d+Z$/, "")
    .replace(/[-:T]/g, "");
  return element(0x17, Buffer.from(`${digits.slice(2)}Z`, "ascii"));
}
