import type { MachineWire } from "@halligan/protocol/api";
import { ApiError, type HalliganClient } from "@halligan/protocol/client";
import type { CommandDefinition } from "../../command.ts";
import { UsageError } from "../../errors/cli-error.ts";
import { healthText, machineJson } from "../../render/machine-details.ts";
import { type Column, renderTable } from "../../render/text/table.ts";
import { terminalWidth } from "../../render/text/terminal-width.ts";
import { formatTime } from "../../render/text/units.ts";

/** Of machines that have not connected yet, and of those in quarantine. */
const NOT_ONBOARDED = "InsufficientInfo";

const columns = (quarantined: ReadonlySet<string>): readonly Column<MachineWire>[] => [
  { title: "MACHINE", cell: ({ computerDnsName }) => computerDnsName, isName: true },
  { title: "ID", cell: ({ id }) => id },
  { title: "HEALTH", cell: ({ id, healthStatus }) => healthText(healthStatus, quarantined.has(id)) },
  {
    title: "SYSTEM",
    cell: ({ osPlatform, version }) => [osPlatform, version].filter(Boolean).join(" "),
    mayShrink: true,
  },
  { title: "ADDRESS", cell: ({ lastIpAddress }) => lastIpAddress },
  { title: "LAST SEEN", cell: ({ lastSeen }) => formatTime(lastSeen) },
  { title: "TAGS", cell: ({ machineTags }) => machineTags.join(",") || null, mayShrink: true },
];

export const machines: CommandDefinition = {
  usage: "",
  details: [
    "Retired machines are left out unless --retired or --all asks for them.",
    "One machine: halligan machines show, rename, retire, reinstate, remove.",
  ],
  options: {
    filter: { type: "string", placeholder: "ODATA", help: "only these, for example: healthStatus eq 'Active'" },
    top: { type: "string", placeholder: "N", help: "at most N (default 10000)" },
    retired: { type: "boolean", help: "only retired machines" },
    all: { type: "boolean", help: "retired machines too" },
    "enrolled-with": {
      type: "string",
      placeholder: "TOKEN-ID",
      help: "only machines that enrolled with this token (see enrollment-token list)",
    },
  },
  positionals: { min: 0, max: 0 },
  examples: [
    "halligan machines",
    "halligan machines --filter \"healthStatus eq 'Active'\"",
    "halligan machines --all --enrolled-with b7f0a1de-5c55-4f0e-8f5e-64b1a0f0c9d2",
  ],
  jsonShape:
    "{machines: [the API's machine entities]}; with --retired, --all or --enrolled-with also deviceName, displayName, " +
    "state, isConnected, retiredAt, retiredBy, retireReason of each",
  async run({ args, connect, env, signal }) {
    const limit = args.integer("top", { min: 1, max: 1_000_000 });
    const [isRetired, isAll] = [args.flag("retired"), args.flag("all")];
    if (isRetired && isAll) throw new UsageError("--all includes what --retired shows; give one of them.");
    const enrollmentTokenId = args.text("enrolled-with");
    const filter = args.text("filter");
    const client = await connect();
    // Uses the contract's list if it is sufficient, because other servers have only that list.
    const isContract = !isRetired && !isAll && enrollmentTokenId === undefined;
    const state = isRetired ? "retired" : isAll ? "all" : "inUse";
    const found = isContract
      ? await client.listMachines({ filter, limit, signal })
      : await client.listMachineDetails({ filter, limit, state, enrollmentTokenId, signal });
    const quarantined = await quarantinedOf(client, found, signal);
    return {
      json: { machines: found.map((machine) => machineJson(machine)) },
      text: renderTable<MachineWire>(found, columns(quarantined), terminalWidth(env.stdout)),
    };
  },
};

/**
 * Ids of the machines in quarantine. The contract's entity has no field for it. The ids therefore
 * come from Halligan's own list. It is requested only when a machine can be in quarantine, so most
 * lists cost no second request.
 */
async function quarantinedOf(
  client: HalliganClient,
  found: readonly MachineWire[],
  signal: AbortSignal,
): Promise<ReadonlySet<string>> {
  if (!found.some(({ onboardingStatus }) => onboardingStatus === NOT_ONBOARDED)) return new Set();
  try {
    const filter = `onboardingStatus eq '${NOT_ONBOARDED}'`;
    const details = await client.listMachineDetails({ filter, signal });
    return new Set(details.filter(({ state }) => state === "quarantined").map(({ id }) => id));
  } catch (error) {
    // Another server of the contract has no such list.
    if (error instanceof ApiError && error.status === 404) return new Set();
    throw error;
  }
}
