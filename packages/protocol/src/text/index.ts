export * from "./clean-text.ts";
export * from "./iso-time.ts";
export * from "./json-bounds.ts";
export * from "./json-fault.ts";
export * from "./name-fault.ts";
export * from "./network-failure.ts";
export * from "./suggest.ts";
export * from "./well-formed-json.ts";
