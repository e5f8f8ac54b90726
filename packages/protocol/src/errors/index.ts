export * from "./error-code.ts";
export * from "./result.ts";
