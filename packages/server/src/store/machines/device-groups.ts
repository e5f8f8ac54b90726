import type { Selectable } from "kysely";
import { Type } from "typebox";
import { Compile } from "typebox/compile";
import { type DeviceGroup, REMEDIATION_LEVELS } from "../../domain/machines/device-group.ts";
import type { DeviceGroupTable } from "../schema.ts";
import { type Executor, statement } from "../statement.ts";

export type DeviceGroups = ReturnType<typeof deviceGroups>;

export function deviceGroups(executor: Executor) {
  return {
    async byId(id: number): Promise<DeviceGroup | undefined> {
      const [row] = await executor.all(selectById, { id });
      return row && fromRow(row);
    },
    async ofMachine(machineId: string): Promise<DeviceGroup | undefined> {
      const [row] = await executor.all(selectOfMachine, { machine_id: machineId });
      return row && fromRow(row);
    },
    async byName(name: string): Promise<DeviceGroup | undefined> {
      const [row] = await executor.all(selectByName, { name });
      return row && fromRow(row);
    },
    async list(): Promise<DeviceGroup[]> {
      return (await executor.all(selectAll, {})).map(fromRow);
    },
    async insert(group: Omit<DeviceGroup, "id">): Promise<DeviceGroup> {
      const [row] = await executor.all(insert, toValues(group));
      if (!row) throw new Error("a device group was not inserted");
      return { ...group, id: row.id };
    },
    /** False when the group was removed meanwhile. */
    async save(group: DeviceGroup): Promise<boolean> {
      return (await executor.all(update, { ...toValues(group), id: group.id })).length > 0;
    },
    /** As `save`. The schema refuses to remove a group with machines. */
    async remove(id: number): Promise<boolean> {
      return (await executor.all(remove, { id })).length > 0;
    },
    /**
     * Retired and removed machines count too, because their group decides who reads their history.
     */
    async machineCount(id: number): Promise<{ machines: number; retired: number }> {
      const [row] = await executor.all(countMachines, { id });
      return { machines: row?.machines ?? 0, retired: row?.retired ?? 0 };
    },
  };
}

type Values = {
  name: string;
  remediation_level: string;
  users: string;
  user_groups: string;
  open_to_users: number;
};

const selectById = statement<{ id: number }>()((db, p) =>
  db.selectFrom("device_group").selectAll().where("id", "=", p.id),
);
const selectOfMachine = statement<{ machine_id: string }>()((db, p) =>
  db
    .selectFrom("device_group")
    .selectAll()
    .where("id", "=", (machine) => machine.selectFrom("machine").select("group_id").where("id", "=", p.machine_id)),
);
const selectByName = statement<{ name: string }>()((db, p) =>
  db.selectFrom("device_group").selectAll().where("name", "=", p.name),
);
const selectAll = statement<Record<never, never>>()((db) => db.selectFrom("device_group").selectAll().orderBy("id"));
const insert = statement<Values>()((db, p) =>
  db
    .insertInto("device_group")
    .values({
      name: p.name,
      remediation_level: p.remediation_level,
      users: p.users,
      user_groups: p.user_groups,
      open_to_users: p.open_to_users,
    })
    .returning("id"),
);
const update = statement<Values & { id: number }>()((db, p) =>
  db
    .updateTable("device_group")
    .set({
      name: p.name,
      remediation_level: p.remediation_level,
      users: p.users,
      user_groups: p.user_groups,
      open_to_users: p.open_to_users,
    })
    .where("id", "=", p.id)
    .returning("id"),
);
const remove = statement<{ id: number }>()((db, p) =>
  db.deleteFrom("device_group").where("id", "=", p.id).returning("id"),
);
const countMachines = statement<{ id: number }>()((db, p) =>
  db
    .selectFrom("machine")
    .select((eb) => [eb.fn.countAll<number>().as("machines"), eb.fn.count<number>("retired_at_ms").as("retired")])
    .where("group_id", "=", p.id),
);

const toValues = (group: Omit<DeviceGroup, "id">): Values => ({
  name: group.name,
  remediation_level: group.remediationLevel,
  users: JSON.stringify(group.users),
  user_groups: JSON.stringify(group.userGroups),
  open_to_users: group.isOpenToUsers ? 1 : 0,
});

const StoredNames = Compile(Type.Array(Type.String()));

function parseNames(json: string): string[] {
  const value: unknown = JSON.parse(json);
  if (StoredNames.Check(value)) return value;
  throw new Error("the stored device group does not match its schema");
}

function fromRow(row: Selectable<DeviceGroupTable>): DeviceGroup {
  const remediationLevel = REMEDIATION_LEVELS.find((level) => level === row.remediation_level);
  if (!remediationLevel)
    throw new Error(`the stored device group has the unknown remediation level ${row.remediation_level}`);
  const [users, userGroups] = [parseNames(row.users), parseNames(row.user_groups)];
  // Null in rows of an older release, in which a group that names no users is open to all.
  const isOpenToUsers =
    row.open_to_users === null ? users.length === 0 && userGroups.length === 0 : row.open_to_users === 1;
  return { id: row.id, name: row.name, remediationLevel, isOpenToUsers, users, userGroups };
}
