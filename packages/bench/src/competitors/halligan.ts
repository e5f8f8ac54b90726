import { openAsBlob } from "node:fs";
import { basename, join } from "node:path";
import type { CommandRequest } from "@halligan/protocol/api";
import { createClient } from "@halligan/protocol/client";
import type { BenchContext } from "../bench.ts";
import { getWhileItArrives } from "../load/caller-transfers.ts";
import { endOf } from "../load/end-of-action.ts";
import { runToEnd } from "../load/run-to-end.ts";
import { shippedRuntime, startRealAgents } from "../processes/real-agents.ts";
import { BenchServer } from "../processes/server.ts";
import { addTrivialScript, RUN_SCRIPT } from "../processes/trivial-script.ts";
import type { Competitor } from "./competitor.ts";

/**
 * Ours, with the whole path of a caller: a put begins with the upload into the library, a get
 * downloads the file while it arrives, a script ends with the response that has its output.
 */
export async function startHalligan(context: BenchContext, devices: number): Promise<Competitor> {
  const { signal } = context;
  await using stack = new AsyncDisposableStack();
  const server = stack.use(await BenchServer.start(context));
  const api = stack.use(await server.signIn(devices + 2));
  await addTrivialScript(server, context.folder);
  const agents = await startRealAgents(context, server, api, devices, shippedRuntime(context), stack);
  const client = createClient({ baseUrl: server.baseUrl, credentials: await server.credentials() });
  const act = async (device: number, commands: readonly CommandRequest[]) => {
    const id = await api.startAction(agents[device]?.machineId ?? "", commands);
    await endOf(api, id, signal);
    return id;
  };
  const owner = stack.move();
  return {
    name: "Halligan",
    lacks: "nothing of what is compared: order, start, output and end are synced at both ends and signed",
    devices,
    everyRounds: 1,
    run: (device) => runToEnd(api, agents[device]?.machineId ?? "", RUN_SCRIPT, signal),
    files: {
      async put(file) {
        const fileName = basename(file);
        const content = await openAsBlob(file);
        await client.putLibraryFile({ fileName, override: true, content: () => content });
        await act(0, [{ type: "PutFile", params: [{ key: "FileName", value: fileName }] }]);
        return join(agents[0]?.workDir ?? "", fileName);
      },
      async get(path, to) {
        await getWhileItArrives({ api, client, machineId: agents[0]?.machineId ?? "", signal }, path, to);
      },
    },
    processes: { server: server.pid, agents: agents.map(({ pid }) => pid) },
    [Symbol.asyncDispose]: () => owner.disposeAsync(),
  };
}
