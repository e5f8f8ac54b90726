import type { ServiceContext } from "../context.ts";

type Context = Pick<ServiceContext, "store">;

/** The name of one device group; empty when the group was deleted. */
export const groupName = async ({ store }: Context, groupId: number): Promise<string> =>
  (await store.read((tx) => tx.deviceGroups.byId(groupId)))?.name ?? "";

/** The names of all device groups, by their ids. */
export async function groupNames({ store }: Context): Promise<Map<number, string>> {
  const groups = await store.read((tx) => tx.deviceGroups.list());
  return new Map(groups.map(({ id, name }) => [id, name]));
}
