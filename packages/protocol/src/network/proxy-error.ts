/**
 * A proxy that cannot be used. The message names the proxy, never its credentials, and the remedy.
 */
export class ProxyError extends Error {
  override readonly name = "ProxyError";
}
