import { type HalliganClient, odataText } from "@halligan/protocol/client";
import type { Arguments, OptionSpecs } from "../arguments/arguments.ts";
import { CliError, UsageError } from "../errors/cli-error.ts";
import { harmlessLine } from "../render/text/harmless.ts";
import { findMachineId } from "./machine.ts";

/** For commands that take one MACHINE: other ways to say which one. */
export const TARGET_OPTIONS = {
  tag: { type: "string", placeholder: "TAG", help: "instead of MACHINE: the one machine with this tag" },
  group: { type: "string", placeholder: "NAME", help: "instead of MACHINE: the one machine of this device group" },
  filter: { type: "string", placeholder: "ODATA", help: "instead of MACHINE: the one machine that the filter matches" },
} as const satisfies OptionSpecs;

export const TARGET_DETAILS =
  "Instead of MACHINE, --tag, --group and --filter name the machine; together all of them must match. Exactly one " +
  "machine must match, otherwise nothing is done and the error lists up to ten of them.";

/** A machine as a person named it, and the positional arguments after it. */
export interface Target {
  by: { kind: "name"; named: string } | { kind: "filter"; filter: string; typed: string };
  operands: readonly string[];
}

const LISTED = 10;

/**
 * Throws UsageError unless there is one machine and one argument for each of `operandNames`, or
 * with `orMore` at least one.
 */
export function parseTarget(
  args: Arguments,
  operandNames: readonly string[],
  count: "exactly" | "orMore" = "exactly",
): Target {
  const isCount = (given: readonly string[]) =>
    given.length === operandNames.length || (count === "orMore" && given.length > operandNames.length);
  const [tag, group, filter] = [args.text("tag"), args.text("group"), args.text("filter")];
  for (const [name, value] of Object.entries({ tag, group, filter })) {
    if (value?.trim() === "") throw new UsageError(`--${name} is empty; it says which machine is meant.`);
  }
  const parts = [
    ...(tag === undefined ? [] : [{ typed: `--tag ${tag}`, filter: `machineTags/any(t: t eq ${odataText(tag)})` }]),
    ...(group === undefined ? [] : [{ typed: `--group ${group}`, filter: `rbacGroupName eq ${odataText(group)}` }]),
    ...(filter === undefined ? [] : [{ typed: `--filter ${filter}`, filter }]),
  ];
  if (filter !== undefined && parts.length > 1 && !isClosed(filter)) {
    throw new UsageError("The quotes and parentheses of --filter are not closed in pairs.");
  }
  const [first, ...rest] = args.positionals;
  if (parts.length === 0) {
    if (first === undefined || !isCount(rest)) {
      throw new UsageError(
        `Expected ${["MACHINE", ...operandNames].join(" ")}; or --tag, --group or --filter for MACHINE.`,
      );
    }
    return { by: { kind: "name", named: first }, operands: rest };
  }
  const typed = parts.map((part) => part.typed).join(" ");
  if (!isCount(args.positionals)) {
    throw new UsageError(
      `Expected ${operandNames.join(" ") || "no argument"}: ${typed} names the machine; leave MACHINE out.`,
    );
  }
  return {
    by: { kind: "filter", filter: joined(parts), typed },
    operands: args.positionals,
  };
}

/** One part stands as it was typed, so that the server's message about it counts right. */
function joined(parts: readonly { filter: string }[]): string {
  const [only, ...others] = parts.map(({ filter }) => filter);
  if (only !== undefined && others.length === 0) return only;
  return parts.map(({ filter }) => `(${filter})`).join(" and ");
}

/**
 * Whether an expression that stands in parentheses ends with them. One that closes them itself, as
 * in `a) or (b`, would make the other options void.
 */
function isClosed(filter: string): boolean {
  let depth = 0;
  // A quote inside a text is doubled, which closes and opens it again.
  const [code, ...rest] = filter.split("'");
  if (rest.length % 2 !== 0) return false;
  for (const part of [code, ...rest.filter((_, index) => index % 2 === 1)]) {
    for (const character of part ?? "") {
      if (character === "(") depth += 1;
      if (character === ")") depth -= 1;
      if (depth < 0) return false;
    }
  }
  return depth === 0;
}

/** The operand whose presence `parseTarget` has already checked. */
export function operand({ operands }: Target, index: number): string {
  const value = operands[index];
  if (value === undefined) throw new Error(`Operand ${index} is missing`);
  return value;
}

/** The machine in use. `named`: as the person named it, for messages. */
export async function findTarget(
  client: HalliganClient,
  { by }: Target,
  signal: AbortSignal,
): Promise<{ machineId: string; named: string }> {
  if (by.kind === "name") return { machineId: await findMachineId(client, by.named, signal), named: by.named };
  const machineId = await findMatchingMachine(client, by, signal);
  return { machineId, named: machineId };
}

/** The id of the one machine that matches. Throws CliError `notFound`, or `usage` for several. */
export async function findMatchingMachine(
  client: HalliganClient,
  { filter, typed }: { filter: string; typed: string },
  signal: AbortSignal,
): Promise<string> {
  const found = await client.listMachines({ filter, limit: LISTED + 1, signal });
  const [only] = found;
  const shown = harmlessLine(typed);
  if (only === undefined) {
    throw new CliError("notFound", "MachineNotFound", `No machine matches ${shown}. See: halligan machines`);
  }
  if (found.length === 1) return only.id;
  const lines = found
    .slice(0, LISTED)
    .map(({ id, computerDnsName }) => `  ${harmlessLine(id)}  ${harmlessLine(computerDnsName ?? "-")}`);
  const count = found.length > LISTED ? `More than ${LISTED}` : String(found.length);
  throw new CliError(
    "usage",
    "AmbiguousMachine",
    `${count} machines match ${shown}, and exactly one must; use the id of the one you mean, or narrow it down with --filter:\n${lines.join("\n")}`,
    { json: { machineIds: found.slice(0, LISTED).map(({ id }) => id) } },
  );
}
