/**
 * What the store alone costs: the use cases of a whole action (create, claim, start, end) called
 * directly on the database that a server has left behind, without HTTP, links, signatures and
 * devices. Requests: `{"actions":N,"dataDir":DIR}`.
 */

import { randomBytes, randomUUID } from "node:crypto";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { backgroundClock } from "@halligan/protocol/time";
import {
  type ApplicationCaller,
  agentsOfNode,
  type ConnectionIdentity,
  checkInThreadPool,
  loadKeys,
  localBus,
  NO_MEASURES,
  NO_RECOVERY,
  nextForConnection,
  openDiskBlobStore,
  ResultSpace,
  readConfig,
  recordEnded,
  recordStarted,
  runLiveResponse,
  type ServiceContext,
  SqliteStore,
} from "@halligan/server/simulation";
import Database from "better-sqlite3";
import { pino } from "pino";
import { Type } from "typebox";
import { Value } from "typebox/value";
import { RUN_SCRIPT } from "../processes/trivial-script.ts";

const Request = Type.Object({ actions: Type.Integer({ minimum: 1 }), dataDir: Type.String() });
const Links = Type.Array(Type.Object({ machineId: Type.String(), connectionEpoch: Type.Integer() }));

const CALLER: ApplicationCaller = {
  kind: "application",
  id: "bench",
  clientId: "bench",
  name: "bench",
  roles: new Set(["Machine.LiveResponse", "Machine.Read.All"]),
};
const RESULT = {
  kind: "inline" as const,
  transcript: JSON.stringify({ script_name: "a.sh", exit_code: 0, script_output: "ok\n", script_errors: "" }),
};

async function contextOf(dataDir: string, store: SqliteStore): Promise<ServiceContext> {
  const { numbers, policy } = readConfig({ HALLIGAN_LIMITS_PROFILE: "open", HALLIGAN_DATA_DIR: dataDir });
  return {
    store,
    blobs: await openDiskBlobStore({ folder: join(dataDir, "blobs"), random: randomBytes }),
    bus: localBus(),
    clock: backgroundClock,
    ids: { guid: randomUUID, random: randomBytes },
    limits: {
      ...numbers,
      order: {
        scriptTimeoutMs: numbers.scriptTimeoutMs,
        transferTimeoutMs: numbers.transferTimeoutMs,
        stallTimeoutMs: numbers.transferStallTimeoutMs,
        outputLimitBytes: numbers.scriptOutputLimitBytes,
      },
      options: {
        scriptTimeoutMs: numbers.maxScriptTimeoutMs,
        outputLimitBytes: numbers.maxScriptOutputLimitBytes,
        queueTimeoutMs: numbers.maxQueueTimeoutMs,
        notBeforeMs: numbers.maxNotBeforeMs,
        runAs: "any",
      },
    },
    policy,
    checkSignature: checkInThreadPool,
    keys: {
      ...(await loadKeys({ folder: join(dataDir, "keys"), makes: true })),
      orderKeySet: 1,
      recovery: NO_RECOVERY,
    },
    publicUrl: "http://127.0.0.1",
    resultLinks: "stream",
    measures: NO_MEASURES,
    resultSpace: new ResultSpace(backgroundClock.monotonicMs),
    ...agentsOfNode(backgroundClock),
    node: { id: "bench" },
    log: pino({ level: "silent" }),
  };
}

/** Marks the machines of the last run as connected and returns them. */
function linksOf(databaseFile: string): ConnectionIdentity[] {
  const database = new Database(databaseFile);
  try {
    database.exec("update machine set linked = 1");
    const rows = database.prepare("select id as machineId, link_epoch as connectionEpoch from machine").all();
    return Value.Parse(Links, rows);
  } finally {
    database.close();
  }
}

async function wholeAction(context: ServiceContext, link: ConnectionIdentity): Promise<void> {
  const request = { Commands: [...RUN_SCRIPT], Comment: "bench" };
  const accepted = await runLiveResponse(context, CALLER, link.machineId, request);
  if (!accepted.ok) throw new Error(`not accepted: ${accepted.error.code}`);
  const next = await nextForConnection(context, link);
  if (next.type !== "order") throw new Error("the action was not claimed");
  const { actionId, orderSeq } = next.order;
  const of = { actionId, orderSeq, index: 0 };
  const started = await recordStarted(context, link, {
    type: "started",
    ...of,
    startId: randomBytes(16).toString("hex"),
  });
  if (started.kind !== "recorded") throw new Error(`the start is ${started.kind}`);
  const ended = await recordEnded(context, link, {
    type: "ended",
    ...of,
    outcome: "completed",
    errors: [],
    result: RESULT,
  });
  if (ended.kind !== "recorded" || ended.action.status !== "Succeeded") throw new Error("the end was not recorded");
}

for await (const line of createInterface({ input: process.stdin })) {
  const { actions, dataDir } = Value.Parse(Request, JSON.parse(line));
  const file = join(dataDir, "halligan.db");
  const links = linksOf(file);
  const store = await SqliteStore.open(file);
  const context = await contextOf(dataDir, store);
  let left = actions;
  const begunMs = performance.now();
  const work = async (link: ConnectionIdentity) => {
    while (left > 0) {
      left -= 1;
      await wholeAction(context, link);
    }
  };
  await Promise.all(links.map(work));
  process.stdout.write(`${JSON.stringify({ wallMs: performance.now() - begunMs })}\n`);
  await store.close();
}
