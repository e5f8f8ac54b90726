/**
 * The `code` of an error of Node or of a library, such as `ENOENT`; null when it has none. Types of
 * such errors do not declare the property. Our own errors have classes and need no such check.
 */
export function errorCode(error: unknown): string | null {
  return error instanceof Error && "code" in error && typeof error.code === "string" ? error.code : null;
}
