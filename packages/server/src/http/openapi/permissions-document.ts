import type { PermissionRule } from "../edge/access.ts";
import type { OperationRow } from "./operation-object.ts";

const HEAD = `# Permissions of each operation

\`npm run openapi\` writes this file from the route table. Do not change it by hand. What the
permissions mean is in [identity.md](identity.md), where they come from in
[the contract](../docs/contract/http-api.md#permissions).
`;

/** `docs/permissions.md`: who may call what, from the operations themselves. */
export function permissionsDocument(operations: readonly OperationRow[]): string {
  const permitted = operations.flatMap((row) =>
    row.access.kind === "permissions" ? [permittedRow(row, row.access)] : [],
  );
  const withTicket = operations.filter(({ access }) => access.kind === "ticket");
  const open = operations.filter(({ access }) => access.kind === "anonymous");
  return [
    HEAD,
    `## With a token

Any one of the permissions is enough: of the application in its own token, of the user in a user's
token. Where the last column names a device group, a user reaches only machines of the user's device
groups.
`,
    table(["operation", "request", "application", "user", "a user also needs"], permitted),
    `Some options need more. StartLiveResponse: content that is not a library file needs
\`Library.Manage\`, and \`wait\` one of the permissions of WaitForMachineAction. \`results\` in the
responses of StartLiveResponse, WaitForMachineAction and WatchMachineAction need a permission of
GetLiveResponseResultDownloadLink, count as it, and leave its audit record for each transcript. A
caller without one gets the response without \`results\`.
`,
    `## With the ticket of an agent connection

The ticket comes with the connection. It gives access to the orders of that one machine.
`,
    table(["operation", "request"], withTicket.map(requestRow)),
    `## Without either

These answer every caller, or check a proof of their own: a signed URL, a client secret, an
enrollment token, the token for metrics.
`,
    table(["operation", "request"], open.map(requestRow)),
  ].join("\n");
}

const requestRow = ({ name, method, path }: OperationRow): string[] => [name, code(`${method} ${path}`)];

const permittedRow = (row: OperationRow, { application, delegated, needsUserRight }: PermissionRule): string[] => [
  ...requestRow(row),
  application.map(code).join(", "),
  delegated.map(code).join(", "),
  needsUserRight ?? "",
];

/** A bar would end the cell. */
const code = (text: string): string => `\`${text.replaceAll("|", "\\|")}\``;

const table = (head: readonly string[], rows: readonly (readonly string[])[]): string =>
  `${[head, head.map(() => "---"), ...rows].map((cells) => `| ${cells.join(" | ")} |`).join("\n")}\n`;
