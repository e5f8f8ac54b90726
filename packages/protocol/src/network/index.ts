/**
 * Access to a server from a program: proxies and trusted certificates. For Node and Bun; browsers
 * have their own.
 */
export * from "./certificates.ts";
export * from "./network.ts";
export * from "./node-http.ts";
export * from "./proxy-error.ts";
export * from "./proxy-rules.ts";
export * from "./unchecked-tls.ts";
