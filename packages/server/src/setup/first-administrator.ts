import { join } from "node:path";
import { type CredentialsFile, PERMISSIONS } from "@halligan/protocol/api";
import type { ServiceContext } from "../service/context.ts";
import { createApplication } from "../service/create-application.ts";
import { SERVER } from "../service/events.ts";
import { writePrivateFile } from "./private-files.ts";

/**
 * The first start makes one application with every permission and leaves its credentials in `<dataDir>/administrator.json`, 0600.
 * Returns that file's path when it was made now. Whether there was a first start is what the store says, so that moving or
 * deleting the file never makes a second administrator.
 */
export async function ensureAdministrator(
  service: ServiceContext,
  dataDir: string,
  tenant: string,
): Promise<string | null> {
  const file = join(dataDir, "administrator.json");
  const existing = await service.store.read((tx) => tx.applications.list());
  if (existing.length > 0) return null;
  const input = { name: "administrator", roles: Object.keys(PERMISSIONS) };
  const made = await createApplication(service, SERVER, input, async (tx, { clientId }) => {
    // Nodes that start together wait for each other here, and only one of them finds its own id.
    const first = await tx.meta.getOrSet("first-administrator", () => clientId);
    return first === clientId || (await tx.applications.list()).length === 0;
  });
  if (!made.ok) return null;
  const { application, clientSecret } = made.value;
  if (clientSecret === null) throw new Error("the first administrator was made without a secret");
  const credentials: CredentialsFile = {
    baseUrl: service.publicUrl,
    tokenUrl: `${service.publicUrl}/${tenant}/oauth2/v2.0/token`,
    tenant,
    clientId: application.clientId,
    clientSecret,
  };
  await writePrivateFile(file, Buffer.from(`${JSON.stringify(credentials, null, 2)}\n`));
  return file;
}
