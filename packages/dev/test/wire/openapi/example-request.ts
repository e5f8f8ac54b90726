import { at, keysOf, listAt, shown, textAt } from "../support/json.ts";

/** What a running server has in place of sample values, by the names of `x-samples`. */
export type RealValues = Readonly<Record<string, string | number>>;

export interface ExampleRequest {
  /** With the query. */
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string | FormData | URLSearchParams;
}

/**
 * The request that the examples of an operation make: every parameter that has one, and the body.
 */
export function exampleRequest(path: string, operation: unknown, substitute: (text: string) => string): ExampleRequest {
  const parameters = Array.isArray(at(operation, "parameters")) ? listAt(operation, "parameters") : [];
  const named = (place: string) =>
    parameters
      .filter((one) => at(one, "in") === place && at(one, "example") !== undefined)
      .map((one): [string, string] => [textAt(one, "name"), substitute(String(at(one, "example")))]);
  const inPath = new Map(named("path"));
  const filled = path.replace(/\{(\w+)\}/g, (_whole, name: string) => encodeURIComponent(inPath.get(name) ?? ""));
  const query = new URLSearchParams(named("query")).toString();
  const { contentType, body } = exampleBody(operation, substitute);
  return {
    path: query === "" ? filled : `${filled}?${query}`,
    headers: { ...Object.fromEntries(named("header")), ...(contentType !== null && { "content-type": contentType }) },
    ...(body !== null && { body }),
  };
}

/** `contentType` is null where fetch makes it. */
function exampleBody(
  operation: unknown,
  substitute: (text: string) => string,
): { contentType: string | null; body: string | FormData | URLSearchParams | null } {
  const content = at(operation, "requestBody", "content");
  if (content === undefined) return { contentType: null, body: null };
  const [contentType = ""] = keysOf(content);
  const example = at(content, contentType, "example");
  const fields = () => keysOf(example).map((name): [string, string] => [name, substitute(String(at(example, name)))]);
  switch (contentType) {
    case "application/json":
      return { contentType, body: substitute(JSON.stringify(example)) };
    case "application/octet-stream":
      return { contentType, body: String(example) };
    case "application/x-www-form-urlencoded":
      return { contentType: null, body: new URLSearchParams(fields()) };
    case "multipart/form-data":
      return { contentType: null, body: formOf(fields(), substitute) };
    default:
      throw new Error(`no test sends ${contentType}: ${shown(example)}`);
  }
}

/** As `x-samples` has it. */
const SAMPLE_FILE_NAME = "collect-logs.sh";

/** The one thing that an example cannot say: the file name of a part. */
function formOf(fields: readonly (readonly [string, string])[], substitute: (text: string) => string): FormData {
  const form = new FormData();
  for (const [name, value] of fields) {
    if (name === "File") form.append(name, new Blob([value]), substitute(SAMPLE_FILE_NAME));
    else form.append(name, value);
  }
  return form;
}

/**
 * Puts real values in the place of samples, in any text that an example is made of. In one pass,
 * because a real value, such as a random id, may have another sample in it.
 */
export function substitution(document: unknown, real: RealValues): (text: string) => string {
  const samples = at(document, "x-samples");
  const unknown = Object.keys(real).find((name) => at(samples, name) === undefined);
  if (unknown !== undefined) throw new Error(`there is no sample ${unknown}`);
  const values = new Map(Object.entries(real).map(([name, value]) => [String(at(samples, name)), String(value)]));
  const longestFirst = [...values.keys()].toSorted((a, b) => b.length - a.length);
  const anySample = new RegExp(
    longestFirst.map((sample) => sample.replace(/[$()*+.?[\\\]^{|}]/g, "\\$&")).join("|"),
    "g",
  );
  return (text) => text.replace(anySample, (sample) => values.get(sample) ?? sample);
}
