import { nextLink } from "../../../odata/next-link.ts";
import type { ListQuery } from "../../../odata/query.ts";
import { selectProperties } from "../../../odata/select.ts";
import type { Listed } from "../../../service/actions/list-machine-actions.ts";
import { type JsonResponse, ok } from "../../edge/http-response.ts";
import { type ContextFragment, odataContext } from "./odata-context.ts";

interface Page<T> {
  "@odata.context": string;
  "@odata.count"?: number;
  value: Partial<T>[];
  "@odata.nextLink"?: string;
}

/** The OData envelope of one page. `path`: of the list, as the contract spells it. */
export function collectionResponse<T extends object>(
  { publicUrl }: { publicUrl: string },
  { path, fragment }: { path: string; fragment: ContextFragment },
  query: ListQuery,
  { count, next }: Pick<Listed<unknown>, "count" | "next">,
  wires: readonly T[],
): JsonResponse<200, Page<T>> {
  return ok({
    "@odata.context": odataContext(publicUrl, fragment),
    ...(count !== null && { "@odata.count": count }),
    value: wires.map((wire) => selectProperties(wire, query.select)),
    ...(next && { "@odata.nextLink": nextLink(`${publicUrl}${path}`, query, next, wires.length) }),
  });
}
