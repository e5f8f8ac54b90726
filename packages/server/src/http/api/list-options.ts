/**
 * The query options of the contract's lists, for a list of Halligan's own that takes them too.
 * `docs/contract/http-api.md#list-machine-actions`.
 */
export const LIST_OPTIONS = {
  $filter: "value",
  $orderby: "value",
  $top: "value",
  $skip: "value",
  $count: "value",
  $select: "value",
  $skiptoken: "value",
} as const;

/** Those of the given options that are the list's, as it reads them. */
export const listOptions = (options: ReadonlyMap<string, string>): URLSearchParams =>
  new URLSearchParams([...options].filter(([name]) => Object.hasOwn(LIST_OPTIONS, name)));
