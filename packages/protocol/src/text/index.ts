export * from "./clean-text.ts";
export * from "./well-formed-json.ts";
