const SCHEME_AND_HOST = /^https?:\/\/[^/?#]*/i;
const VERSION = /^\/+api\/v1\.0(?=\/|$)/i;

/**
 * The request target in the form that the router matches. The only place that normalizes targets.
 * `docs/contract/http-api.md#hosts-and-paths`.
 */
export function routedTarget(target: string): string {
  const queryAt = target.indexOf("?");
  const path = (queryAt < 0 ? target : target.slice(0, queryAt))
    // A proxy may send the whole URL.
    .replace(SCHEME_AND_HOST, "")
    .replace(VERSION, "/api")
    // `(index=0)` may arrive percent-encoded; the router compares these characters before it
    // decodes them.
    .replace(/%28/g, "(")
    .replace(/%29/g, ")")
    .replace(/%3d/gi, "=");
  return `${path.startsWith("/") ? path : `/${path}`}${queryAt < 0 ? "" : target.slice(queryAt)}`;
}

/** Splits a target as it was sent. */
export function splitTarget(target: string): { readonly path: string; readonly rawQuery: string } {
  const queryAt = target.indexOf("?");
  return queryAt < 0
    ? { path: target, rawQuery: "" }
    : { path: target.slice(0, queryAt), rawQuery: target.slice(queryAt + 1) };
}
