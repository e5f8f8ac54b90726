import type { HalliganClient } from "@halligan/protocol/client";
import { CliError } from "./cli-error.ts";
import { harmlessLine } from "./render/harmless.ts";
import { formatTime } from "./render/units.ts";
import { didYouMean } from "./suggest.ts";

const CLIENT_ID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

/**
 * The client id of the application that a person named by id or name. Several applications can have one name: none of
 * them is guessed. Throws CliError `usage` for such a name and `notFound` for an unknown one.
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
