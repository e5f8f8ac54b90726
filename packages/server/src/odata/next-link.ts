import { type Position, writeCursor } from "./cursor.ts";
import type { ListQuery } from "./query.ts";

/**
 * `@odata.nextLink`: clients follow it unchanged until there is none
 * (docs/contract/clients-in-the-wild.md#listing-actions). `listUrl`: public URL and path of the
 * list, without a query. `after`: the last row of the page for `query`. `shown`: the rows of that
 * page.
 */
export function nextLink(listUrl: string, query: ListQuery, after: Position, shown: number): string {
  const left = query.left === null ? null : query.left - shown;
  const token = writeCursor({ after, left, asOfMs: query.asOfMs }, query.sort);
  return `${listUrl}?${[...query.repeated, ["$skiptoken", token] as const]
    .map(([name, text]) => `${name}=${encodeURIComponent(text)}`)
    .join("&")}`;
}
