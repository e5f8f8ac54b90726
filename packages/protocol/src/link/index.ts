export * from "./enroll.ts";
export * from "./frames.ts";
export * from "./handshake.ts";
export * from "./ids.ts";
export * from "./machine-facts.ts";
export * from "./order.ts";
export * from "./transfer.ts";
export * from "./version.ts";
