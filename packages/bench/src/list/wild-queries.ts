/** What a query needs to know of the stored actions. */
export interface Stored {
  readonly machineIds: readonly string[];
  readonly actionIds: readonly string[];
}

export interface WildQuery {
  readonly name: string;
  /** `n` varies what it asks for from one call to the next. */
  readonly queryOf: (stored: Stored, n: number) => Readonly<Record<string, string>>;
}

const machine = ({ machineIds }: Stored, n: number) => machineIds[n % machineIds.length] ?? "";
const action = ({ actionIds }: Stored, n: number) => actionIds[n % actionIds.length] ?? "";

/**
 * The queries that real clients send: docs/contract/clients-in-the-wild.md#listing-actions, in its
 * order.
 */
export const WILD_QUERIES: readonly WildQuery[] = [
  { name: "one machine", queryOf: (s, n) => ({ $filter: `machineId eq '${machine(s, n)}'` }) },
  {
    name: "one machine, Pending",
    queryOf: (s, n) => ({ $filter: `machineId eq '${machine(s, n)}' and status eq 'Pending'` }),
  },
  {
    name: "one machine, unfinished, newest",
    queryOf: (s, n) => ({
      $filter: `machineId eq '${machine(s, n)}' and (status eq 'Pending' or status eq 'InProgress')`,
      $orderby: "creationDateTimeUtc desc",
      $top: "1",
    }),
  },
  {
    name: "Succeeded LiveResponse",
    queryOf: () => ({ $filter: "status eq 'Succeeded' and type eq 'LiveResponse'", $top: "50" }),
  },
  {
    name: "one requestor",
    queryOf: (_, n) => ({ $filter: `requestor eq 'playbook-${n % 20}' and type eq 'LiveResponse'`, $top: "50" }),
  },
  {
    name: "several machines",
    queryOf: (s, n) => ({
      $filter: [0, 7, 13].map((k) => `machineId eq '${machine(s, n + k)}'`).join(" or "),
      $top: "50",
    }),
  },
  {
    name: "ids",
    queryOf: (s, n) => ({ $filter: `id in ('${action(s, n)}','${action(s, n + 1)}')`, $top: "1000" }),
  },
  {
    name: "one machine, Succeeded, second page",
    queryOf: (s, n) => ({
      $filter: `machineId eq '${machine(s, n)}' AND status eq 'Succeeded'`,
      $orderby: "creationDateTimeUtc desc",
      $skip: "2",
      $top: "2",
    }),
  },
  {
    name: "since a date",
    queryOf: () => ({
      $filter: `CreationDateTimeUtc ge ${new Date(Date.now() - 30 * 86_400_000).toISOString().replace(/\.\d+Z/, "Z")}`,
      $orderby: "CreationDateTimeUtc desc",
      $top: "100",
    }),
  },
  { name: "no query", queryOf: () => ({}) },
  { name: "$top alone", queryOf: () => ({ $top: "100" }) },
];
