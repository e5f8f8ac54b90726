import { ApiError, TokenError, UnexpectedResponseError, UnreachableError } from "@halligan/protocol/client";
import { harmlessLine } from "../render/text/harmless.ts";
import { CliError } from "./cli-error.ts";
import type { ExitName } from "./exit-codes.ts";
import { isFileError, localFileError } from "./local-file-error.ts";
import { withTypedOptions } from "./option-names.ts";

/** The text for people and the document for `--json` about an end that is no success. */
export interface Failure {
  exit: ExitName;
  code: string;
  message: string;
  json: Record<string, unknown>;
}

/** By the `error` of OAuth. */
const TOKEN_REMEDIES: ReadonlyMap<string, string> = new Map([
  [
    "invalid_client",
    "Sign in again with the right client id and secret: halligan login. An administrator makes a new secret with: " +
      "halligan app add-secret. A lost administrator's: halligan-server admin reset",
  ],
]);

export function describeFailure(error: unknown): Failure {
  if (error instanceof CliError)
    return { exit: error.exit, code: error.code, message: error.message, json: error.json };
  if (error instanceof ApiError) return describeApiError(error);
  if (error instanceof TokenError) {
    const exit = error.status === 429 ? "throttled" : error.status >= 500 ? "serverError" : "notPermitted";
    const remedy = TOKEN_REMEDIES.get(error.code);
    const message = `No token was given: ${harmlessLine(error.message)}${remedy === undefined ? "" : `\n${remedy}`}`;
    return { exit, code: error.code, message, json: {} };
  }
  if (error instanceof UnreachableError) {
    return { exit: "unreachable", code: "Unreachable", message: error.message, json: {} };
  }
  if (error instanceof UnexpectedResponseError) {
    return { exit: "unexpectedResponse", code: "UnexpectedAnswer", message: harmlessLine(error.message), json: {} };
  }
  const local = isFileError(error) ? localFileError(error.path ?? "A file", error) : error;
  if (local instanceof CliError) return describeFailure(local);
  const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
  return { exit: "internal", code: "Internal", message: `This is a fault in halligan. ${text}`, json: {} };
}

function describeApiError(error: ApiError): Failure {
  // One line: a text of the server must not look like a line of halligan.
  const trace = error.target === null ? "" : ` (request ${harmlessLine(error.target)})`;
  const exit = exitOf(error);
  const remedy = exit === "throttled" ? "\nTry again later, or allow a longer wait with --max-wait SECONDS." : "";
  return {
    exit,
    code: error.code,
    message: `${harmlessLine(withTypedOptions(error.message))}${trace}${remedy}`,
    json: {},
  };
}

function exitOf({ status, code }: ApiError): ExitName {
  if (code === "ActiveRequestAlreadyExists") return "machineBusy";
  if (status === 401 || status === 403) return "notPermitted";
  if (status === 404) return "notFound";
  if (status === 429) return "throttled";
  return status >= 500 ? "serverError" : "refused";
}
