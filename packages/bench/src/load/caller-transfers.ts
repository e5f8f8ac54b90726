import { createHash } from "node:crypto";
import { openAsBlob } from "node:fs";
import { open } from "node:fs/promises";
import { basename } from "node:path";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { createGunzip } from "node:zlib";
import type { CommandRequest } from "@halligan/protocol/api";
import type { HalliganClient } from "@halligan/protocol/client";
import type { Api } from "./api.ts";
import { endOf } from "./end-of-action.ts";

/** As the CLI unpacks. */
const UNPACKED_CHUNK_BYTES = 256 * 1_024;
const WAIT_MS = 30_000;

export interface Caller {
  readonly api: Api;
  readonly client: HalliganClient;
  readonly machineId: string;
  readonly signal: AbortSignal;
}

/** GetFile and its download, as the CLI does it; the SHA-256 of the file. */
export async function getWhileItArrives(caller: Caller, path: string, to: string): Promise<string> {
  const { api, client, machineId, signal } = caller;
  const actionId = await api.startAction(machineId, [getFile(path)]);
  const ended = endOf(api, actionId, signal);
  // Awaited below, unless the download fails first.
  ended.catch(() => undefined);
  const response = await client.downloadCommandFile(actionId, 0, { waitMs: WAIT_MS, signal });
  const [{ unpacked, packed }] = await Promise.all([save(response, to), ended]);
  const { value } = await client.getMachineActionResults(actionId, { signal });
  if (value[0]?.sha256 !== packed) throw new Error("another file arrived than the action names");
  return unpacked;
}

/** The same with the download after the end of the action. */
export async function getAfterwards(caller: Caller, path: string, to: string): Promise<string> {
  const { api, client, machineId, signal } = caller;
  const actionId = await api.startAction(machineId, [getFile(path)]);
  await endOf(api, actionId, signal);
  const link = await client.getDownloadUrl(actionId, 0, { signal });
  return (await save(await client.downloadResult(link, { signal }), to)).unpacked;
}

/** The upload into the library, and PutFile. */
export async function putFile(caller: Caller, file: string): Promise<void> {
  const { api, client, machineId, signal } = caller;
  const fileName = basename(file);
  const content = await openAsBlob(file);
  await client.putLibraryFile({ fileName, content: () => content });
  const command = { type: "PutFile", params: [{ key: "FileName", value: fileName }] } as const;
  await endOf(api, await api.startAction(machineId, [{ ...command, params: [...command.params] }]), signal);
}

const getFile = (path: string): CommandRequest => ({ type: "GetFile", params: [{ key: "Path", value: path }] });

async function save({ body }: Response, to: string): Promise<{ unpacked: string; packed: string }> {
  if (!body) throw new Error("the result has no body");
  const [packed, unpacked] = [createHash("sha256"), createHash("sha256")];
  await using file = await open(to, "w");
  await pipeline(
    Readable.fromWeb(body),
    async function* (chunks: AsyncIterable<Uint8Array>) {
      for await (const chunk of chunks) {
        packed.update(chunk);
        yield chunk;
      }
    },
    createGunzip({ chunkSize: UNPACKED_CHUNK_BYTES }),
    async (chunks: AsyncIterable<Uint8Array>) => {
      for await (const chunk of chunks) {
        unpacked.update(chunk);
        await file.writeFile(chunk);
      }
    },
  );
  await file.sync();
  return { unpacked: unpacked.digest("hex"), packed: packed.digest("hex") };
}
