import { type ErrorResponse, httpError } from "./http-response.ts";

/**
 * The query options of an operation that is not an OData list, by name. `value`: the value must not
 * be empty. `text`: it may be empty.
 */
export type QueryOptions = Readonly<Record<string, "value" | "text">>;

/**
 * An error of the query. OData is what lies under `/api`, so a bad URI has OData's code there
 * (`docs/contract/http-api.md#errors`).
 */
export const queryRefusal = (path: string, message: string): ErrorResponse =>
  httpError(400, path.startsWith("/api/") ? "ODataError" : "InvalidInput", message);

/**
 * What a request gives of an operation's options, by their names as declared; or why it is refused.
 * The rule of every list, OData's own included: names in any letter case, each once, and one that
 * is not known is refused by name, because a list that ignored a filter would return more rows than
 * were requested.
 */
export function readQueryOptions(
  path: string,
  query: URLSearchParams,
  options: QueryOptions,
): { readonly kind: "read"; readonly given: ReadonlyMap<string, string> } | ErrorResponse {
  const given = new Map<string, string>();
  const names = Object.keys(options);
  for (const [written, value] of query) {
    const name = names.find((known) => known.toLowerCase() === written.toLowerCase());
    if (name === undefined) {
      const known = names.length === 0 ? "this operation takes none" : `there are ${names.join(", ")}`;
      return queryRefusal(path, `the query option ${shown(written)} is not supported; ${known}`);
    }
    if (given.has(name)) return queryRefusal(path, `the query option ${name} is given twice`);
    if (value === "" && options[name] === "value") return queryRefusal(path, `the query option ${name} is empty`);
    given.set(name, value);
  }
  return { kind: "read", given };
}

/** Longest name that is repeated in a message. */
const MAX_SHOWN_CHARS = 60;

const shown = (name: string): string => JSON.stringify(name.slice(0, MAX_SHOWN_CHARS).toWellFormed());
