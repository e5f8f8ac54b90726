import type { Store } from "../../store/store.ts";

/** What the nodes of a deployment share in the store, and no setting gives. */

const TENANT = "tenant";
/** Under this key the store keeps under which URL it started last. */
const PUBLIC_URL = "public-url";

/** The first start makes it. Nodes that start together get the same one. */
export const ensureTenant = (store: Store, newId: () => string): Promise<string> =>
  store.write((tx) => tx.meta.getOrSet(TENANT, newId));

export const savePublicUrl = (store: Store, publicUrl: string): Promise<void> =>
  store.write((tx) => tx.meta.set(PUBLIC_URL, publicUrl));

/** Undefined before the first start. The URL is that of the last start that succeeded. */
export const storedDeployment = (
  store: Store,
): Promise<{ tenant: string | undefined; publicUrl: string | undefined }> =>
  store.read(async (tx) => ({ tenant: await tx.meta.get(TENANT), publicUrl: await tx.meta.get(PUBLIC_URL) }));
