/** `agent.json`: the result of the enrollment. A folder with this file is enrolled. */
import { readFile } from "node:fs/promises";
import path from "node:path";
import { MachineId, OrderKey, OrderKeySetNumber } from "@halligan/protocol/link";
import { type Static, Type } from "typebox";
import { Compile } from "typebox/compile";
import { replaceFile } from "../disk/durable.ts";
import { isErrno } from "../disk/errno.ts";

const AgentConfig = Type.Object(
  {
    version: Type.Literal(1),
    serverUrl: Type.String(),
    machineId: MachineId,
    /**
     * Only these keys may sign orders. They are pinned at enrollment; later, one of them can sign a
     * new set. The first key names the server.
     */
    orderKeys: Type.Array(OrderKey, { minItems: 1 }),
    /** Number of that set; absent before link version 2. */
    orderKeySet: Type.Optional(OrderKeySetNumber),
    /** The recovery key. It may replace all of them. */
    recoveryKey: Type.Optional(Type.Union([OrderKey, Type.Null()])),
    /** The name of the device instead of its host name. */
    name: Type.Union([Type.String(), Type.Null()]),
  },
  { additionalProperties: false },
);
export type AgentConfig = Static<typeof AgentConfig>;
const schema = Compile(AgentConfig);

const fileOf = (root: string) => path.join(root, "agent.json");

/** Null when the folder is not enrolled. */
export async function readAgentConfig(root: string): Promise<AgentConfig | null> {
  let text: string;
  try {
    text = await readFile(fileOf(root), "utf8");
  } catch (error) {
    if (isErrno(error, "ENOENT")) return null;
    throw error;
  }
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    value = undefined;
  }
  if (!schema.Check(value)) throw new Error(`${fileOf(root)} is not a configuration of this agent.`);
  return value;
}

export async function writeAgentConfig(root: string, config: AgentConfig): Promise<void> {
  await replaceFile(fileOf(root), `${JSON.stringify(config, null, 2)}\n`);
}
