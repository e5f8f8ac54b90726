import type { DeviceGroupWire } from "@halligan/protocol/api";
import type { HalliganClient } from "@halligan/protocol/client";
import { didYouMean } from "@halligan/protocol/text";
import { CliError, UsageError } from "../errors/cli-error.ts";
import { harmlessLine } from "../render/text/harmless.ts";

export const REMEDIATION_LEVELS = ["none", "semi-all", "semi-non-temp", "semi-system", "full"] as const;

/** The device group that a person named by number or name. Throws CliError `notFound`. */
export async function findDeviceGroup(
  client: HalliganClient,
  named: string,
  signal: AbortSignal,
): Promise<DeviceGroupWire> {
  const groups = await client.listDeviceGroups({ signal });
  const byId = groups.find(({ id }) => String(id) === named);
  if (byId !== undefined) return byId;
  const [found, ...others] = groups.filter(({ name }) => name === named);
  if (found !== undefined && others.length === 0) return found;
  if (found !== undefined) {
    const ids = [found, ...others].map(({ id }) => id);
    const message = `${ids.length} groups are named "${harmlessLine(named)}"; use the number of one: ${ids.join(", ")}`;
    throw new CliError("usage", "AmbiguousDeviceGroup", message, { json: { groupIds: ids } });
  }
  const names = groups.map(({ name }) => name);
  throw new CliError(
    "notFound",
    "DeviceGroupNotFound",
    `There is no device group "${harmlessLine(named)}".${harmlessLine(didYouMean(named, names))} See: halligan groups list`,
  );
}

export function remediationLevel(typed: string): DeviceGroupWire["remediationLevel"] {
  const level = REMEDIATION_LEVELS.find((one) => one === typed);
  if (level !== undefined) return level;
  throw new UsageError(`--level is one of ${REMEDIATION_LEVELS.join(", ")}, not "${typed}".`);
}
