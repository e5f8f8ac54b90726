import { isPermission, PERMISSIONS } from "@halligan/protocol/api";
import { hashSecret, newSecret } from "../../auth/secret-hash.ts";
import { type Actor, SERVER } from "../../service/actor.ts";
import type { AuditedOperation } from "../../service/audit-operations.ts";
import { savePublicUrl } from "../../service/cluster/deployment-settings.ts";
import type { ServiceContext } from "../../service/context.ts";
import { addAdministrator, hasApplications } from "../../service/identity/administrator.ts";
import { ADMINISTRATOR } from "../../store/cluster/meta.ts";
import type { Application } from "../../store/identity/applications.ts";
import { lockAdministrator } from "../../store/sqlite/file-locks.ts";
import type { StoreTx } from "../../store/store.ts";
import { settlePendingCredentials, updateCredentialUrls, writePendingCredentials } from "./administrator-file.ts";

export type AdministratorContext = Pick<ServiceContext, "store" | "clock" | "ids" | "log">;

export interface Deployment {
  readonly dataDir: string;
  readonly tenant: string;
  readonly publicUrl: string;
}

/**
 * The first start creates an application with every permission and writes its credentials to
 * `<dataDir>/administrator.json`, 0600. Returns the path of that file if it was created now. The
 * store says whether there was a first start, so that moving or deleting the file never creates a
 * second administrator. Called when the server is listening, so a start that fails writes no file.
 * Later starts update the URLs in the file.
 */
export async function ensureAdministrator(
  context: AdministratorContext,
  deployment: Deployment,
): Promise<string | null> {
  const { store, log } = context;
  const { dataDir, publicUrl } = deployment;
  using _lock = lockAdministrator(dataDir);
  await savePublicUrl(store, publicUrl);
  const settled = await settlePendingCredentials(store, dataDir);
  const isFirst = !(await hasApplications(store));
  if (!isFirst) {
    try {
      const state = await updateCredentialUrls(store, dataDir, urlsOf(deployment));
      if (state === "updated") log.info({ url: publicUrl }, "administrator.json updated to the present public URL");
      if (state === "updated" || state === "current") {
        log.warn(
          "administrator.json still contains a secret; halligan login --from FILE stores it elsewhere and removes the file",
        );
      }
      if (state === "outdated" || state === "unusable") {
        log.warn(
          { state },
          "the credentials in administrator.json do not work; remove the file, or make new ones with halligan-server admin reset",
        );
      }
    } catch (err) {
      // For example because another user owns it. The server does not need the file.
      log.warn({ err }, "administrator.json could not be read or updated");
    }
    return settled;
  }
  return make(context, deployment, SERVER, "CreateApplication", async (tx, { clientId }) => {
    // Nodes that start together wait for each other here, and only one of them finds its own id.
    const first = await tx.meta.getOrSet(ADMINISTRATOR, () => clientId);
    if (first === clientId) return {};
    if ((await tx.applications.list()).length > 0) return null;
    await tx.meta.set(ADMINISTRATOR, clientId);
    return {};
  });
}

/**
 * `halligan-server admin reset`: replaces the application that the server created before with
 * another one with every permission. The old application is removed with its secret and its tokens.
 * Returns the path of the new credentials.
 */
export async function replaceAdministrator(
  context: AdministratorContext,
  deployment: Deployment,
  actor: Actor,
): Promise<string> {
  const { store, clock } = context;
  using _lock = lockAdministrator(deployment.dataDir);
  await settlePendingCredentials(store, deployment.dataDir);
  const file = await make(context, deployment, actor, "ResetAdministrator", async (tx, { clientId }) => {
    const before = await tx.meta.get(ADMINISTRATOR);
    const isRemoved = before !== undefined && (await tx.applications.remove(before, clock.nowMs()));
    await tx.meta.set(ADMINISTRATOR, clientId);
    return { removedClientId: isRemoved ? before : null };
  });
  if (file === null) throw new Error("the new administrator was committed, and its credentials file is gone");
  return file;
}

/**
 * `mayInsert` returns additional details for the audit record, or null when no application is to be
 * added.
 */
async function make(
  { store, clock, ids }: AdministratorContext,
  deployment: Deployment,
  actor: Actor,
  operation: AuditedOperation,
  mayInsert: (tx: StoreTx, application: Application) => Promise<Record<string, unknown> | null>,
): Promise<string | null> {
  const clientSecret = newSecret(ids.random);
  const nowMs = clock.nowMs();
  const application: Application = {
    clientId: ids.guid(),
    name: "administrator",
    secrets: [{ id: ids.guid(), sha256: hashSecret(clientSecret), createdAtMs: nowMs, expiresAtMs: null }],
    roles: Object.keys(PERMISSIONS).filter(isPermission),
    keys: [],
    createdAtMs: nowMs,
    ownerId: null,
    tokenGeneration: 0,
  };
  const { clientId } = application;
  await writePendingCredentials(deployment.dataDir, { ...urlsOf(deployment), clientId, clientSecret });
  await addAdministrator(store, actor, operation, application, mayInsert);
  return settlePendingCredentials(store, deployment.dataDir);
}

const urlsOf = ({ publicUrl, tenant }: Deployment) => ({
  baseUrl: publicUrl,
  tokenUrl: `${publicUrl}/${tenant}/oauth2/v2.0/token`,
  tenant,
});
