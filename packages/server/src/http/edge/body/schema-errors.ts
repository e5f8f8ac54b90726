import { GIVEN_SHA256_PATTERN } from "@halligan/protocol/api";
import { NAME_PATTERN } from "@halligan/protocol/text";
import type { TLocalizedValidationError } from "typebox/error";
import { type ErrorResponse, httpError } from "../http-response.ts";

/**
 * A JSON pointer as people write places: `/Commands/0/type` becomes `Commands[0].type`. Bounded:
 * names come from the client.
 */
function placeOf(pointer: string, name = ""): string {
  const parts = pointer
    .split("/")
    .slice(1)
    .concat(name === "" ? [] : [name.replaceAll("~", "~0").replaceAll("/", "~1")]);
  const path = parts.reduce((before, part) => {
    if (/^\d+$/.test(part)) return `${before}[${part}]`;
    const decoded = part.replaceAll("~1", "/").replaceAll("~0", "~").slice(0, 80);
    return before === "" ? decoded : `${before}.${decoded}`;
  }, "");
  return path.slice(0, 400);
}

const isWithinChoice = (error: TLocalizedValidationError) => /\/(anyOf|oneOf)\//.test(error.schemaPath);

/**
 * Turns the errors of a body into the contract's refusal: a missing property is
 * `MissingRequiredParameter` and named, everything else `InvalidRequestBody` with its place. A name
 * in the wrong case is pointed out. `docs/contract/http-api.md#errors`.
 */
export function schemaRefusal(errors: readonly TLocalizedValidationError[]): ErrorResponse {
  for (const error of errors) {
    if (error.keyword !== "required" || isWithinChoice(error)) continue;
    const [missing = ""] = error.params.requiredProperties;
    const miswritten = extraNames(errors, error.instancePath).find(
      (name) => name.toLowerCase() === missing.toLowerCase(),
    );
    const hint = miswritten === undefined ? "" : ` (names are case-sensitive: the body has ${miswritten.slice(0, 80)})`;
    const place = placeOf(error.instancePath, missing);
    return httpError(400, "MissingRequiredParameter", `Missing required parameter: ${place}${hint}`);
  }
  return httpError(400, "InvalidRequestBody", `Request body is incorrect: ${describe(errors)}`);
}

const extraNames = (errors: readonly TLocalizedValidationError[], instancePath: string): readonly string[] =>
  errors.flatMap((error) =>
    error.keyword === "additionalProperties" && error.instancePath === instancePath
      ? error.params.additionalProperties
      : [],
  );

/**
 * The first error that says something: `schema is false` and the branches of a choice only repeat
 * another one.
 */
function describe(errors: readonly TLocalizedValidationError[]): string {
  const error = errors.find((one) => one.keyword !== "boolean" && !isWithinChoice(one)) ?? errors[0];
  if (error === undefined) return "it does not have the expected form";
  const place = placeOf(error.instancePath) || "the body";
  switch (error.keyword) {
    case "additionalProperties": {
      const [name = ""] = error.params.additionalProperties;
      return `${placeOf(error.instancePath, name)} is not a known property`;
    }
    case "type":
      return `${place} must be of type ${[error.params.type].flat().join(" or ")}`;
    case "anyOf": {
      const choices = choicesOf(errors, error.schemaPath);
      if (choices !== "") return `${place} must be one of ${choices}`;
      const meant = meantForm(errors, error.schemaPath);
      return meant === undefined ? `${place} has none of the accepted forms` : describe([meant]);
    }
    case "pattern":
      return `${place} must ${PATTERNS.get(String(error.params.pattern)) ?? `match the pattern ${error.params.pattern}`}`;
    default:
      return `${place} ${error.message}`;
  }
}

/** What a pattern of a request asks for. A pattern is no explanation. */
const PATTERNS: ReadonlyMap<string, string> = new Map([
  [
    NAME_PATTERN,
    "be one line of text without control characters and invisible marks, and without blanks at its beginning and end",
  ],
  [GIVEN_SHA256_PATTERN, "have 64 hex digits, as sha256sum prints it"],
]);

/** The form of a choice that the value has the type of: what is wrong with the value within it. */
function meantForm(errors: readonly TLocalizedValidationError[], schemaPath: string) {
  const within = errors.filter((error) => error.schemaPath.startsWith(`${schemaPath}/anyOf/`));
  const otherTypes = new Set(within.flatMap(({ keyword, schemaPath }) => (keyword === "type" ? [schemaPath] : [])));
  return within.find((error) => !otherTypes.has(error.schemaPath));
}

const choicesOf = (errors: readonly TLocalizedValidationError[], schemaPath: string): string =>
  errors
    .flatMap((error) =>
      error.keyword === "const" && error.schemaPath.startsWith(`${schemaPath}/anyOf/`)
        ? [String(error.params.allowedValue)]
        : [],
    )
    .join(", ");
