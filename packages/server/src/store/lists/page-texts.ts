import { type AliasedRawBuilder, sql } from "kysely";

/**
 * Bytes of texts of one page, counted as they are stored. A page that would have more ends early,
 * and `@odata.nextLink` leads on. 10,000 actions have 10 MiB with commands of 1 KiB each, so only
 * pages with long parameters end early. One row may exceed it alone: docs/decisions/0055.
 */
export const MAX_PAGE_BYTES = 16 * 1024 * 1024;

/**
 * Texts of a row that may be long, with the share of {@link MAX_PAGE_BYTES} that they may have
 * together on a page in the first reading.
 */
export type LongTexts<C extends string> = Readonly<Record<C, number>>;

/** In a row of the first reading: 0, or the bytes of its long texts, which are then left out. */
export interface LeftOut {
  readonly left_out_bytes: number;
}

/**
 * The long texts as the first reading of a page selects them. A row with a long text has its size
 * and not that text, so this reading is bounded whatever is stored, and the usual page needs no
 * other.
 * `octet_length` does not read the text in either dialect.
 *
 * @param rows most rows that the reading returns
 */
export function shortTexts<C extends string>(
  table: string,
  shares: LongTexts<C>,
  rows: number,
): { readonly size: AliasedRawBuilder<number, "left_out_bytes">; readonly texts: AliasedRawBuilder<string, C>[] } {
  const columns = namesOf(shares).map((name) => {
    const column = `"${table}"."${name}"`;
    const size = `octet_length(${column})`;
    const limit = Math.floor((MAX_PAGE_BYTES * shares[name]) / Math.max(1, rows));
    return { name, column, size, isLong: `${size} > ${limit}` };
  });
  const anyLong = columns.map(({ isLong }) => isLong).join(" or ");
  const bytes = columns.map(({ size }) => `coalesce(${size}, 0)`).join(" + ");
  // Written out, because compiling the same from its parts took a quarter of the time of a short
  // list. The names are those of this program. Of no text the size is null, which is not long.
  return {
    size: sql.raw<number>(`case when ${anyLong} then ${bytes} else 0 end`).as("left_out_bytes"),
    texts: columns.map(({ name, column, isLong }) =>
      sql.raw<string>(`case when ${isLong} then '' else ${column} end`).as(name),
    ),
  };
}

/** The keys of an object literal; TypeScript knows them only as texts. */
function namesOf<C extends string>(shares: LongTexts<C>): C[] {
  const names: C[] = [];
  for (const name in shares) names.push(name);
  return names;
}

export interface CompletedRows<R> {
  readonly rows: readonly R[];
  /** The last row that was read for the page, also when it has been deleted since. */
  readonly last: R | undefined;
  /** Whether rows were left out because the page is full. */
  readonly isCut: boolean;
}

/**
 * The first rows with all their texts, as many as fit on a page. The page has at least one. A row
 * that was deleted between the two readings is left out.
 */
export async function completeRows<W extends { seq: number }, R extends W & LeftOut>(
  rows: readonly R[],
  readWhole: (seqs: readonly number[]) => Promise<readonly W[]>,
): Promise<CompletedRows<R>> {
  let bytes = 0;
  let end = 0;
  for (const row of rows) {
    bytes += row.left_out_bytes;
    if (end > 0 && bytes > MAX_PAGE_BYTES) break;
    end += 1;
  }
  const fitting = rows.slice(0, end);
  const seqs = fitting.filter((row) => row.left_out_bytes > 0).map(({ seq }) => seq);
  const page = { last: fitting.at(-1), isCut: end < rows.length };
  if (seqs.length === 0) return { ...page, rows: fitting };
  const whole = new Map((await readWhole(seqs)).map((row) => [row.seq, row]));
  const complete = fitting.flatMap((row) => {
    if (row.left_out_bytes === 0) return [row];
    const texts = whole.get(row.seq);
    return texts === undefined ? [] : [{ ...row, ...texts }];
  });
  return { ...page, rows: complete };
}
