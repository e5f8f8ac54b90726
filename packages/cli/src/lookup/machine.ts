import type { MachineWire } from "@halligan/protocol/api";
import { type HalliganClient, odataText } from "@halligan/protocol/client";
import { didYouMean } from "@halligan/protocol/text";
import { CliError } from "../errors/cli-error.ts";
import { harmlessLine } from "../render/text/harmless.ts";
import { formatTime } from "../render/text/units.ts";

const MACHINE_ID = /^[0-9a-f]{40}$/i;

/**
 * The id of the machine a person named by id or computer name. A name that fits several machines is
 * refused: scripts run with full rights, so no guess is good enough. Throws CliError `usage` for
 * such a name and `notFound` for an unknown one.
 */
export async function findMachineId(client: HalliganClient, named: string, signal: AbortSignal): Promise<string> {
  if (MACHINE_ID.test(named)) return named.toLowerCase();
  const exact = await client.listMachines({ filter: `computerDnsName eq ${odataText(named)}`, signal });
  if (exact.length > 0) return onlyOne(exact, named).id;
  // Names of computers have no case; the filter of the API has.
  const all = await client.listMachines({ signal });
  const same = all.filter(({ computerDnsName }) => computerDnsName?.toLowerCase() === named.toLowerCase());
  if (same.length > 0) return onlyOne(same, named).id;
  const names = all.flatMap(({ computerDnsName }) => (computerDnsName === null ? [] : [computerDnsName]));
  throw new CliError(
    "notFound",
    "MachineNotFound",
    `There is no machine "${harmlessLine(named)}".${harmlessLine(didYouMean(named, names))} See: halligan machines`,
  );
}

/**
 * The id of a machine that may be retired. With `all` a machine in use is meant before a retired
 * one of the same name, as a device that was enrolled again bears the name of its predecessor.
 * Throws CliError `notFound`.
 */
export async function findAnyMachineId(
  client: HalliganClient,
  named: string,
  state: "retired" | "all",
  signal: AbortSignal,
): Promise<string> {
  if (MACHINE_ID.test(named)) return named.toLowerCase();
  const found = await client.listMachineDetails({ filter: `computerDnsName eq ${odataText(named)}`, state, signal });
  const inUse = found.filter((machine) => machine.state !== "retired");
  if (found.length > 0) return onlyOne(inUse.length > 0 ? inUse : found, named).id;
  const kind = state === "retired" ? "retired machine" : "machine";
  const hint = state === "retired" ? "halligan machines --retired" : "halligan machines --all";
  throw new CliError("notFound", "MachineNotFound", `There is no ${kind} "${harmlessLine(named)}". See: ${hint}`);
}

function onlyOne(machines: readonly MachineWire[], named: string): MachineWire {
  const [first] = machines;
  if (first !== undefined && machines.length === 1) return first;
  const lines = machines.map(
    ({ id, healthStatus, lastSeen }) =>
      `  ${harmlessLine(id)}  ${harmlessLine(healthStatus)}, last seen ${harmlessLine(formatTime(lastSeen) ?? "-")}`,
  );
  throw new CliError(
    "usage",
    "AmbiguousMachine",
    `${machines.length} machines are named "${harmlessLine(named)}"; use the id of the one you mean:\n${lines.join("\n")}`,
    { json: { machineIds: machines.map(({ id }) => id) } },
  );
}
