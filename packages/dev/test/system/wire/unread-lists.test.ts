import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { connect, type Socket } from "node:net";
import { test } from "node:test";
import { Type } from "typebox";
import { Value } from "typebox/value";
import { until } from "../../../../protocol/test/support/until.ts";
import { World } from "../../../src/world.ts";
import { getFile } from "../../e2e/live-response.ts";

const MIB = 1024 * 1024;
/** Almost the longest request, so that a few actions fill a page. */
const COMMANDS = Array.from({ length: 30 }, () => getFile(`/${"p".repeat(32_000)}`));
/** Three pages of 16 MiB. */
const ACTIONS = 48;
const READERS = 16;

/** Resident memory of the server and of its processes for lists, in bytes. */
async function residentBytes(pid: number): Promise<number> {
  const children = await readFile(`/proc/${pid}/task/${pid}/children`, "utf8");
  const pids = [pid, ...children.split(" ").filter(Boolean).map(Number)];
  const sizes = await Promise.all(
    pids.map(async (one) => {
      const status = await readFile(`/proc/${one}/status`, "utf8").catch(() => "");
      return Number(/VmRSS:\s+(\d+) kB/.exec(status)?.[1] ?? 0) * 1024;
    }),
  );
  return sizes.reduce((all, size) => all + size, 0);
}

async function tokenOf({ credentials: { baseUrl, tenant, clientId, clientSecret } }: World): Promise<string> {
  const response = await fetch(`${baseUrl}/${tenant}/oauth2/v2.0/token`, {
    method: "POST",
    body: new URLSearchParams({
      grant_type: "client_credentials",
      client_id: clientId,
      client_secret: clientSecret,
      scope: `${baseUrl}/.default`,
    }),
  });
  return Value.Parse(Type.Object({ access_token: Type.String() }), await response.json()).access_token;
}

const Page = Type.Object({
  value: Type.Array(Type.Object({ id: Type.String() })),
  "@odata.nextLink": Type.Optional(Type.String()),
});

/** A connection that asks for a list and takes no more of it than fits into its buffers. */
class Reader implements Disposable {
  readonly #socket: Socket;
  head = "";

  constructor(baseUrl: string, path: string, token: string) {
    const { hostname, port } = new URL(baseUrl);
    this.#socket = connect({ host: hostname, port: Number(port) });
    this.#socket.on("error", () => undefined);
    this.#socket.once("readable", () => {
      this.head = String(this.#socket.read(64) ?? "");
    });
    this.#socket.write(`GET ${path} HTTP/1.1\r\nHost: ${hostname}:${port}\r\nAuthorization: Bearer ${token}\r\n\r\n`);
  }

  [Symbol.dispose](): void {
    this.#socket.destroy();
  }
}

test("sixteen readers that take nothing of a large list hold the memory of a few pages", {
  skip: process.platform === "linux" ? false : "reads /proc",
  timeout: 300_000,
}, async (t) => {
  await using world = await World.start({ agents: 0, settings: { HALLIGAN_LIMITS_PROFILE: "open" } });
  const machine = await world.enrollAgent("listed");
  for (let n = 0; n < ACTIONS; n += 1) {
    const { id } = await world.client.runLiveResponse(machine.id, {
      Commands: COMMANDS,
      Comment: "only listed",
    });
    await world.client.cancelMachineAction(id, "only listed");
  }
  const token = await tokenOf(world);
  const { baseUrl } = world.credentials;
  const list = `/api/machineactions?$top=${ACTIONS}`;
  const { pid } = world.server;

  const all: string[] = [];
  let pages = 0;
  for (let next: string | undefined = `${baseUrl}${list}`; next !== undefined; pages += 1) {
    const response: Response = await fetch(next, { headers: { authorization: `Bearer ${token}` }, signal: t.signal });
    assert.equal(response.status, 200);
    const page = Value.Parse(Page, await response.json());
    all.push(...page.value.map(({ id }) => id));
    next = page["@odata.nextLink"];
  }
  assert.equal(new Set(all).size, ACTIONS, "every action is on one of the pages");
  assert.ok(pages > 1, "the list has several pages");

  const baseBytes = await residentBytes(pid);
  let mostBytes = baseBytes;
  const sample = async () => {
    mostBytes = Math.max(mostBytes, await residentBytes(pid));
  };
  const growthWith = async (count: number) => {
    mostBytes = baseBytes;
    await using readers = new AsyncDisposableStack();
    const opened = Array.from({ length: count }, () => readers.use(new Reader(baseUrl, list, token)));
    await until(
      async () => {
        await sample();
        return opened.every(({ head }) => head !== "");
      },
      `the responses of ${count} readers`,
      { withinMs: 120_000 },
    );
    const statuses = opened.map(({ head }) => head.slice(9, 12));
    return { bytes: mostBytes - baseBytes, statuses };
  };
  const one = await growthWith(1);
  assert.deepEqual(one.statuses, ["200"]);
  const many = await growthWith(READERS);
  t.diagnostic(
    `grew by ${(one.bytes / MIB).toFixed(0)} MiB and ${(many.bytes / MIB).toFixed(0)} MiB, ${many.statuses}`,
  );
  assert.ok(many.statuses.every((status) => status === "200" || status === "429"));
  assert.ok(many.bytes < 8 * Math.max(one.bytes, 32 * MIB), `${many.bytes} and ${one.bytes} bytes`);

  const response = await fetch(`${baseUrl}/api/machineactions?$top=1`, {
    headers: { authorization: `Bearer ${token}` },
    signal: t.signal,
  });
  assert.equal(response.status, 200, "the places are free again when the readers are gone");
  await response.arrayBuffer();
});
