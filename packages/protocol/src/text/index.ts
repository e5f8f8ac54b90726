export * from "./clean-text.ts";
export * from "./name-fault.ts";
export * from "./network-failure.ts";
export * from "./well-formed-json.ts";
