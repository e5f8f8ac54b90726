import { err, type Result } from "@halligan/protocol/errors";

/**
 * A query option that is not supported: 400 `ODataError`
 * (docs/contract/http-api.md#list-machine-actions). `detail` is for the author of the query. `at`
 * is the position in the option's text, in UTF-16 units from 0, if one character can be named.
 */
export interface ODataError {
  code: "ODataError";
  detail: string;
  at?: number;
}

export type ODataResult<T> = Result<T, ODataError>;

export const refuseQuery = (detail: string, at?: number): { ok: false; error: ODataError } =>
  err(at === undefined ? { code: "ODataError", detail } : { code: "ODataError", detail, at });

/** Longest piece of a caller's text that an error repeats, in UTF-16 units. */
const QUOTED_LENGTH = 60;

/** A caller's text inside a message: quoted, with escaped control characters, cut. */
export function quoted(text: string): string {
  return JSON.stringify(text.length > QUOTED_LENGTH ? `${text.slice(0, QUOTED_LENGTH).toWellFormed()}…` : text);
}
