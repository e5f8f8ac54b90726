export * from "./collection.ts";
export * from "./error.ts";
export * from "./halligan.ts";
export * from "./library-file.ts";
export * from "./machine.ts";
export * from "./machine-action.ts";
export * from "./permissions.ts";
export * from "./token.ts";
