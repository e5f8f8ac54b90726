import type { Static, TSchema } from "typebox";
import { Collection } from "../../api/index.ts";
import { UnexpectedResponseError } from "../errors.ts";
import { type ListOptions, listQuery, MAX_PAGE } from "../odata.ts";
import type { Transport } from "../transport/transport.ts";

/**
 * Longest series of pages that contain no entity and name a next page. Halligan sends no such page.
 */
const MAX_EMPTY_PAGES = 100;

/**
 * Follows `@odata.nextLink` until it is absent or `limit` entities are read. `own`: query options
 * that only this list has.
 */
export async function listAll<T extends TSchema>(
  transport: Transport,
  path: string,
  item: T,
  options: ListOptions,
  own: Readonly<Record<string, string>> = {},
): Promise<Static<T>[]> {
  const limit = options.limit ?? MAX_PAGE;
  const schema = Collection(item);
  const all: Static<T>[] = [];
  let next: string | undefined = `${path}${listQuery(options, limit, own)}`;
  const seen = new Set<string>();
  let emptyPages = 0;
  while (next !== undefined && all.length < limit) {
    // Without this bound, a server that links a page to itself would keep the client in a loop.
    if (seen.has(next)) throw new UnexpectedResponseError(`GET ${path}: a nextLink leads back to a page already read`);
    seen.add(next);
    const page: { value: Static<T>[]; "@odata.nextLink"?: string } = await transport.sendForJson(
      { method: "GET", path: next, signal: options.signal },
      schema,
    );
    for (const one of page.value) all.push(one);
    if (page.value.length === 0) emptyPages += 1;
    if (emptyPages > MAX_EMPTY_PAGES) {
      throw new UnexpectedResponseError(`GET ${path}: more than ${MAX_EMPTY_PAGES} pages have no entity`);
    }
    next = page["@odata.nextLink"];
  }
  return all.slice(0, limit);
}
