import type { HalliganClient } from "@halligan/protocol/client";
import { didYouMean } from "@halligan/protocol/text";
import { CliError } from "../errors/cli-error.ts";
import { harmlessLine } from "../render/text/harmless.ts";
import { formatTime } from "../render/text/units.ts";

const CLIENT_ID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

/**
 * The applications that an account created, for the person who ends the account. They do not end
 * with it. Empty when there are none.
 */
export async function madeBy(client: HalliganClient, accountId: string, signal: AbortSignal): Promise<string> {
  const made = (await client.listApplications({ signal })).filter(({ ownerId }) => ownerId === accountId);
  if (made.length === 0) return "";
  const lines = made.map(({ clientId, name }) => `  ${harmlessLine(clientId)}  ${harmlessLine(name)}\n`);
  return `Applications that it made can still sign in; end one with halligan app remove:\n${lines.join("")}`;
}

/**
 * The client id of the application that a person named by id or name. Several applications can have
 * one name: none of them is guessed. Throws CliError `usage` for such a name and `notFound` for an
 * unknown one.
 */
export async function findClientId(client: HalliganClient, named: string, signal: AbortSignal): Promise<string> {
  if (CLIENT_ID.test(named)) return named.toLowerCase();
  const all = await client.listApplications({ signal });
  const found = all.filter(({ clientId, name }) => clientId === named || name === named);
  const [first] = found;
  const shown = harmlessLine(named);
  if (first === undefined) {
    const hint = harmlessLine(
      didYouMean(
        named,
        all.map(({ name }) => name),
      ),
    );
    throw new CliError(
      "notFound",
      "ApplicationNotFound",
      `There is no application "${shown}".${hint} See: halligan app list`,
    );
  }
  if (found.length === 1) return first.clientId;
  const lines = found.map(
    ({ clientId, createdAt }) => `  ${harmlessLine(clientId)}  created ${harmlessLine(formatTime(createdAt) ?? "-")}`,
  );
  throw new CliError(
    "usage",
    "AmbiguousApplication",
    `${found.length} applications are named "${shown}"; use the client id of the one you mean:\n${lines.join("\n")}`,
    { json: { clientIds: found.map(({ clientId }) => clientId) } },
  );
}
