import type { DeviceGroupWire } from "@halligan/protocol/api";
import { chosenName } from "../../arguments/chosen-name.ts";
import type { CommandDefinition } from "../../command.ts";
import { UsageError } from "../../errors/cli-error.ts";
import { findDeviceGroup, REMEDIATION_LEVELS, remediationLevel } from "../../lookup/device-group.ts";
import { findMachineId } from "../../lookup/machine.ts";
import { harmlessLine } from "../../render/text/harmless.ts";
import { type Column, renderTable } from "../../render/text/table.ts";
import { terminalWidth } from "../../render/text/terminal-width.ts";
import { positional } from "../shared-options.ts";

const COLUMNS: readonly Column<DeviceGroupWire>[] = [
  { title: "GROUP", cell: ({ id }) => String(id), align: "right" },
  { title: "NAME", cell: ({ name }) => name, isName: true },
  { title: "LEVEL", cell: ({ remediationLevel: level }) => level },
  { title: "OPEN", cell: ({ isOpenToUsers }) => (isOpenToUsers === true ? "yes" : "no") },
  { title: "USERS", cell: ({ users }) => users.join(",") || null, mayShrink: true },
  { title: "USER GROUPS", cell: ({ userGroups }) => userGroups.join(",") || null, mayShrink: true },
];

const JSON_SHAPE = "{group: {id, name, remediationLevel, isOpenToUsers, users, userGroups}}";
const ABOUT_GROUPS =
  "A machine belongs to one group. Users reach the machines of the groups that name them, or one of their user groups, and " +
  "of those that are open to all users. The level none refuses live response.";
const REACH_OPTIONS = {
  user: { type: "string", multiple: true, placeholder: "ID", help: "a user who reaches its machines; repeatable" },
  "user-group": {
    type: "string",
    multiple: true,
    placeholder: "NAME",
    help: "a group of users, as their issuer names it; repeatable",
  },
} as const;
const OPEN_OPTION = {
  open: { type: "boolean", help: "open it to all users of outside issuers" },
} as const;
const LEVEL_HELP = `remediation level: ${REMEDIATION_LEVELS.join(", ")}`;

export const groupsList: CommandDefinition = {
  usage: "",
  details: [ABOUT_GROUPS],
  options: {},
  positionals: { min: 0, max: 0 },
  examples: ["halligan groups list"],
  jsonShape: "{groups: [{id, name, remediationLevel, isOpenToUsers, users, userGroups}]}",
  async run({ connect, env, signal }) {
    const groups = await (await connect()).listDeviceGroups({ signal });
    return { json: { groups }, text: renderTable(groups, COLUMNS, terminalWidth(env.stdout)) };
  },
};

export const groupsCreate: CommandDefinition = {
  usage: "NAME",
  details: [ABOUT_GROUPS],
  options: {
    level: { type: "string", placeholder: "LEVEL", help: `${LEVEL_HELP} (default full)` },
    ...REACH_OPTIONS,
    ...OPEN_OPTION,
  },
  positionals: { min: 1, max: 1 },
  examples: [
    "halligan groups create laboratory --user-group lab-analysts",
    "halligan groups create kiosks --level none",
  ],
  jsonShape: JSON_SHAPE,
  async run({ args, connect, signal }) {
    const request = {
      name: chosenName(positional(args, 0), "The group's name"),
      remediationLevel: remediationLevel(args.text("level") ?? "full"),
      users: [...new Set(args.texts("user"))],
      userGroups: [...new Set(args.texts("user-group"))],
      ...(args.flag("open") && { isOpenToUsers: true }),
    };
    const group = await (await connect()).createDeviceGroup(request, { signal });
    return { json: { group }, text: `Group ${group.id} is ${harmlessLine(group.name)}\n` };
  },
};

export const groupsUpdate: CommandDefinition = {
  usage: "GROUP",
  details: [
    "GROUP is a number or a name. What is not given stays; --user and --user-group replace all that were named before, and " +
      "close a group that was open.",
  ],
  options: {
    name: { type: "string", placeholder: "NAME", help: "its new name" },
    level: { type: "string", placeholder: "LEVEL", help: LEVEL_HELP },
    ...REACH_OPTIONS,
    ...OPEN_OPTION,
    close: { type: "boolean", help: "close it to users whom it does not name" },
  },
  positionals: { min: 1, max: 1 },
  examples: ["halligan groups update laboratory --level semi-all", "halligan groups update 3 --open"],
  jsonShape: JSON_SHAPE,
  async run({ args, connect, signal }) {
    const [name, level] = [args.text("name"), args.text("level")];
    const [opens, closes] = [args.flag("open"), args.flag("close")];
    const [users, userGroups] = [args.texts("user"), args.texts("user-group")];
    const hasReach = users.length > 0 || userGroups.length > 0;
    if (opens && closes) throw new UsageError("A group is either opened or closed: leave --open or --close out.");
    if (name === undefined && level === undefined && !opens && !closes && !hasReach) {
      throw new UsageError("Nothing to change: give --name, --level, --user, --user-group, --open or --close.");
    }
    if (name !== undefined) chosenName(name, "The group's name");
    const remediation = level === undefined ? undefined : remediationLevel(level);
    const client = await connect();
    const before = await findDeviceGroup(client, positional(args, 0), signal);
    const request = {
      name: name ?? before.name,
      remediationLevel: remediation ?? before.remediationLevel,
      // A server of before this field does not take it.
      ...((opens || before.isOpenToUsers !== undefined) && {
        isOpenToUsers: opens || (!closes && !hasReach && before.isOpenToUsers === true),
      }),
      users: users.length > 0 ? [...new Set(users)] : before.users,
      userGroups: userGroups.length > 0 ? [...new Set(userGroups)] : before.userGroups,
    };
    const group = await client.updateDeviceGroup(before.id, request, { signal });
    return { json: { group }, text: `Changed group ${group.id}, ${harmlessLine(group.name)}\n` };
  },
};

export const groupsDelete: CommandDefinition = {
  usage: "GROUP",
  details: ["GROUP is a number or a name. Retired and removed machines count: assign them to another group first."],
  options: {},
  positionals: { min: 1, max: 1 },
  examples: ["halligan groups delete laboratory"],
  jsonShape: "{deleted: GROUP-NUMBER}",
  async run({ args, connect, signal }) {
    const client = await connect();
    const { id, name } = await findDeviceGroup(client, positional(args, 0), signal);
    await client.deleteDeviceGroup(id, { signal });
    return { json: { deleted: id }, text: `Deleted group ${id}, ${harmlessLine(name)}\n` };
  },
};

export const groupsAssign: CommandDefinition = {
  usage: "MACHINE GROUP",
  details: ["GROUP is a number or a name; 0 is the group of machines that are in no other."],
  options: {},
  positionals: { min: 2, max: 2 },
  examples: ["halligan groups assign web-01 laboratory"],
  jsonShape: "{machineId, group: {id, name, remediationLevel, isOpenToUsers, users, userGroups}}",
  async run({ args, connect, signal }) {
    const client = await connect();
    const machineId = await findMachineId(client, positional(args, 0), signal);
    const group = await findDeviceGroup(client, positional(args, 1), signal);
    await client.setMachineDeviceGroup(machineId, group.id, { signal });
    return { json: { machineId, group }, text: `${machineId} is in group ${group.id}, ${harmlessLine(group.name)}\n` };
  },
};
