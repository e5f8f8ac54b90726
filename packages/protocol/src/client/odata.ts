/**
 * A text as an OData literal: `it's` becomes `'it''s'`.
 *
 * @example
 * ```ts
 * const filter = `computerDnsName eq ${odataText("device-1")}`;
 * console.log(await client.listMachines({ filter }));
 * ```
 */
export function odataText(text: string): string {
  return `'${text.replaceAll("'", "''")}'`;
}

/**
 * Filter, order and size of a list.
 *
 * @example
 * ```ts
 * const options: ListOptions = { orderBy: "creationDateTimeUtc asc", limit: 20 };
 * console.log(await client.listMachineActions(options));
 * ```
 */
export interface ListOptions {
  /** OData `$filter`; texts in it go through `odataText`. */
  filter?: string | undefined;
  /** OData `$orderby`; actions come newest first without it. */
  orderBy?: string | undefined;
  /** Most entities to return, over all pages. Default 10,000. */
  limit?: number | undefined;
  signal?: AbortSignal | undefined;
}

/** The largest page that the contract allows. */
export const MAX_PAGE = 10_000;

export function listQuery(
  { filter, orderBy }: ListOptions,
  limit: number,
  own: Readonly<Record<string, string>> = {},
): string {
  const query = new URLSearchParams(own);
  if (filter !== undefined) query.set("$filter", filter);
  if (orderBy !== undefined) query.set("$orderby", orderBy);
  query.set("$top", String(Math.min(limit, MAX_PAGE)));
  return `?${query}`;
}
