import type { PermittedOperation } from "../../auth/permissions-table.ts";
import { administrationDocs } from "./docs/administration.ts";
import { agentDocs } from "./docs/agents.ts";
import { deviceGroupDocs } from "./docs/device-groups.ts";
import { libraryDocs } from "./docs/library.ts";
import { liveResponseDocs } from "./docs/live-response.ts";
import { machineActionDocs } from "./docs/machine-actions.ts";
import { machineLifeDocs } from "./docs/machine-life.ts";
import { machineDocs } from "./docs/machines.ts";
import { signInDiscoveryDocs } from "./docs/sign-in-discovery.ts";
import { tokenDocs } from "./docs/tokens.ts";
import type { OperationDoc } from "./operation-doc.ts";

const DOCS = {
  ...tokenDocs,
  ...signInDiscoveryDocs,
  ...liveResponseDocs,
  ...machineActionDocs,
  ...machineDocs,
  ...machineLifeDocs,
  ...libraryDocs,
  ...administrationDocs,
  ...deviceGroupDocs,
  ...agentDocs,
  // An operation of the permission table without a row does not compile; of the others the document cannot be made.
} satisfies Record<PermittedOperation, OperationDoc>;

/** What is said of each operation, by its name in the route table. */
export const OPERATION_DOCS: ReadonlyMap<string, OperationDoc> = new Map<string, OperationDoc>(Object.entries(DOCS));
