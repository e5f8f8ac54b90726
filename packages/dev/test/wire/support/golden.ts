import assert from "node:assert/strict";
import { shown } from "./json.ts";

export const GUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;
/**
 * ISO 8601 UTC with `Z`; trailing zeros of the fraction are trimmed.
 * `docs/contract/http-api.md#machine-action-entity`.
 */
export const TIME = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{0,6}[1-9])?Z$/;

const text = (pattern: RegExp) => (value: unknown) => typeof value === "string" && pattern.test(value);
const orNull = (holds: (value: unknown) => boolean) => (value: unknown) => value === null || holds(value);
const oneOf = (...names: readonly string[]) => text(new RegExp(`^(${names.join("|")})$`));
const anyText = text(/^/);

/** Placeholders of golden bodies: what an id, a time or a name of a device may look like. */
const PLACEHOLDERS: Readonly<Record<string, (value: unknown) => boolean>> = {
  "<guid>": text(GUID),
  "<machine id>": text(/^[0-9a-f]{40}$/),
  "<sha256>": text(/^[0-9a-f]{64}$/),
  "<time>": text(TIME),
  "<time or null>": orNull(text(TIME)),
  "<text>": text(/./),
  "<text or null>": orNull(anyText),
  "<integer>": Number.isInteger,
  "<integer or null>": orNull(Number.isInteger),
  "<boolean or null>": orNull((value) => typeof value === "boolean"),
  "<texts>": (value) => Array.isArray(value) && value.every(anyText),
  "<list>": Array.isArray,
  "<object or null>": (value) => typeof value === "object" && !Array.isArray(value),
  "<url>": text(/^https?:\/\/[^/]+\//),
  "<token>": text(/^[\w-]+\.[\w-]+\.[\w-]+$/),
  "<number as text>": text(/^\d+$/),
  "<health>": oneOf(
    "Active",
    "Inactive",
    "ImpairedCommunication",
    "NoSensorData",
    "NoSensorDataImpairedCommunication",
    "Unknown",
  ),
  "<onboarding>": oneOf("Onboarded", "CanBeOnboarded", "Unsupported", "InsufficientInfo"),
  "<risk>": orNull(oneOf("None", "Informational", "Low", "Medium", "High")),
  "<exposure>": orNull(oneOf("None", "Low", "Medium", "High")),
  "<device value>": orNull(oneOf("Normal", "Low", "High")),
  "<address type>": oneOf("Ethernet", "Other", "SoftwareLoopback", "Tunnel"),
};

/**
 * `@odata.context` of a response. Its host is the host of the server, which may be a regional one.
 */
export const context = (fragment: string): string => `<context of ${fragment}>`;
const CONTEXT = /^<context of (.+)>$/;

/**
 * Holds when the bodies are the same to the byte once every placeholder is filled: keys, their
 * order, types and formats.
 */
export function assertGolden(actual: unknown, golden: unknown): void {
  assert.equal(JSON.stringify(filled(actual, golden), null, 2), JSON.stringify(golden, null, 2));
}

/** `actual` with the placeholder's name wherever the golden body has one that fits. */
function filled(actual: unknown, golden: unknown): unknown {
  if (typeof golden === "string") return fits(actual, golden) ? golden : actual;
  if (Array.isArray(golden) && Array.isArray(actual)) return actual.map((item, index) => filled(item, golden[index]));
  if (typeof golden !== "object" || golden === null || typeof actual !== "object" || actual === null) return actual;
  const wanted = new Map<string, unknown>(Object.entries(golden));
  return Object.fromEntries(
    Object.entries(actual).map(([key, value]: [string, unknown]) => [key, filled(value, wanted.get(key))]),
  );
}

function fits(actual: unknown, golden: string): boolean {
  const fragment = CONTEXT.exec(golden)?.[1];
  if (fragment !== undefined) {
    return (
      typeof actual === "string" && /^https?:\/\/[^/]+/.test(actual) && actual.endsWith(`/api/$metadata#${fragment}`)
    );
  }
  const holds = PLACEHOLDERS[golden];
  if (holds === undefined && /^<.*>$/.test(golden)) throw new Error(`there is no placeholder ${golden}`);
  return holds?.(actual) ?? false;
}

export interface ErrorAnswerLike {
  readonly status: number;
  readonly headers: Headers;
  readonly body: unknown;
}

/** The one form of every 4xx and 5xx of the API. `docs/contract/http-api.md#errors`. */
export function assertError(answer: ErrorAnswerLike, status: number, code: string, message: RegExp = /./): void {
  assert.equal(answer.status, status, shown(answer.body));
  assertGolden(answer.body, { error: { code, message: "<text>", target: "<guid>" } });
  assert.match(JSON.stringify(answer.body), message);
  assert.match(answer.headers.get("content-type") ?? "", /^application\/json\b/);
}

/** OAuth's form, of the token endpoints. */
export function assertOAuthError(answer: ErrorAnswerLike, status: number, error: string): void {
  assert.equal(answer.status, status, shown(answer.body));
  assertGolden(answer.body, { error, error_description: "<text>" });
  assert.match(answer.headers.get("content-type") ?? "", /^application\/json\b/);
}
