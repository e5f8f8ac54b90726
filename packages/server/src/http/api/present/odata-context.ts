/** Fragments of `docs/contract/http-api.md#odata-context`. */
export type ContextFragment =
  | "Alerts"
  | "MachineActions"
  | "MachineActions/$entity"
  | "Machines"
  | "Machines/$entity"
  | "LibraryFiles"
  | "LibraryFiles/$entity"
  | "Edm.String";

/**
 * The value of `@odata.context`. Its host is the public URL's, not that of the request: the
 * request's is whatever a client wrote, and behind a proxy the wrong one; no client compares the
 * two, but one ignores a result link without a context. `publicUrl`: absolute, without a final
 * slash.
 */
export const odataContext = (publicUrl: string, fragment: ContextFragment): string =>
  `${publicUrl}/api/$metadata#${fragment}`;
