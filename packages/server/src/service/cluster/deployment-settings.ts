import type { Store } from "../../store/store.ts";

/** Values that the nodes of a deployment share in the store and that no setting defines. */

const TENANT = "tenant";
/** Key of the public URL with which the store was last started. */
const PUBLIC_URL = "public-url";

/** Created by the first start. Nodes that start together get the same value. */
export const ensureTenant = (store: Store, newId: () => string): Promise<string> =>
  store.write((tx) => tx.meta.getOrSet(TENANT, newId));

export const savePublicUrl = (store: Store, publicUrl: string): Promise<void> =>
  store.write((tx) => tx.meta.set(PUBLIC_URL, publicUrl));

/** The URL of the last start that succeeded. Undefined before the first one. */
export const storedDeployment = (
  store: Store,
): Promise<{ tenant: string | undefined; publicUrl: string | undefined }> =>
  store.read(async (tx) => ({ tenant: await tx.meta.get(TENANT), publicUrl: await tx.meta.get(PUBLIC_URL) }));
