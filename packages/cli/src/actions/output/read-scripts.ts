import { isUtf8 } from "node:buffer";
import { createHash } from "node:crypto";
import type { MachineActionWire } from "@halligan/protocol/api";
import { ApiError, type HalliganClient } from "@halligan/protocol/client";
import { CliError } from "../../errors/cli-error.ts";
import { harmlessLine, harmlessText } from "../../render/text/harmless.ts";
import { formatBytes } from "../../render/text/units.ts";

/** Longer ones are programs, which are not for reading. */
const MAX_SHOWN_BYTES = 4 * 1024 * 1024;

export interface ShownScript {
  index: number;
  scriptName: string;
  /** Null when it cannot be shown, with the reason in `problem`. */
  sha256: string | null;
  sizeBytes: number | null;
  problem: string | null;
  /** Of a script that is UTF-8; `base64` of another one. */
  content?: string;
  base64?: string;
}

/** What the RunScript commands of an action run or ran. */
export async function readScripts(
  client: HalliganClient,
  action: MachineActionWire,
  signal: AbortSignal,
): Promise<ShownScript[]> {
  const scripts: ShownScript[] = [];
  for (const { index, command } of action.commands) {
    if (command.type !== "RunScript") continue;
    const scriptName = command.params.find(({ key }) => key === "ScriptName")?.value ?? "";
    scripts.push({ index, scriptName, ...(await readScript(client, action.id, index, signal)) });
  }
  return scripts;
}

async function readScript(
  client: HalliganClient,
  actionId: string,
  index: number,
  signal: AbortSignal,
): Promise<Omit<ShownScript, "index" | "scriptName">> {
  let response: Response;
  try {
    response = await client.downloadScript(actionId, index, { signal });
  } catch (error) {
    // A server without this operation says NotFound.
    if (!(error instanceof ApiError) || error.code !== "ResourceNotFound") throw error;
    return { sha256: null, sizeBytes: null, problem: error.message };
  }
  const stated = /^"([0-9a-f]{64})"$/.exec(response.headers.get("etag") ?? "")?.[1] ?? null;
  const chunks: Uint8Array[] = [];
  let sizeBytes = 0;
  for await (const chunk of response.body ?? []) {
    sizeBytes += chunk.length;
    if (sizeBytes > MAX_SHOWN_BYTES) {
      const problem = `it has more than ${formatBytes(MAX_SHOWN_BYTES)} and is not shown`;
      return { sha256: stated, sizeBytes: null, problem };
    }
    chunks.push(chunk);
  }
  const bytes = Buffer.concat(chunks);
  const sha256 = createHash("sha256").update(bytes).digest("hex");
  if (sha256 !== stated) {
    throw new CliError(
      "unexpectedResponse",
      "ContentMismatch",
      `The script of command ${index} does not have the SHA-256 ${stated} that the server states.`,
    );
  }
  const content = isUtf8(bytes) ? { content: bytes.toString("utf8") } : { base64: bytes.toString("base64") };
  return { sha256, sizeBytes, problem: null, ...content };
}

export function renderScripts(scripts: readonly ShownScript[]): string {
  if (scripts.length === 0) return "It runs no script.\n";
  return scripts.map(renderScript).join("\n");
}

function renderScript({ index, scriptName, sha256, sizeBytes, problem, content }: ShownScript): string {
  const size = sizeBytes === null ? "" : `, ${formatBytes(sizeBytes)}`;
  const hash = sha256 === null ? "" : `, SHA-256 ${sha256}`;
  const head = `script of command ${index}: ${harmlessLine(scriptName)}${size}${hash}\n`;
  if (problem !== null) return `${head}${harmlessLine(problem)}\n`;
  if (content === undefined) return `${head}It is not UTF-8; --json has its bytes.\n`;
  const text = harmlessText(content);
  return text === "" || text.endsWith("\n") ? `${head}${text}` : `${head}${text}\n`;
}
