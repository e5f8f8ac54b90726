import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { ACTION_ID, MACHINE_ID, machineEntity } from "./fake-entities.ts";
import { makeWorld, type World } from "./halligan.ts";

const TIME = "2026-11-21T17:32:05.1234567Z";
const OTHER_ID = "b".repeat(40);

const details = (change: object = {}) => ({
  "@odata.context": "#Machines/$entity",
  ...machineEntity({ id: MACHINE_ID, computerDnsName: "web-01" }),
  ...{ deviceName: "web-01", displayName: null, state: "active", isConnected: true },
  ...{ retiredAt: null, retiredBy: null, retireReason: null, enrollmentTokenId: "t-1", unfinishedActionId: null },
  ...change,
});
const RETIRED = { state: "retired", isConnected: false, retiredAt: TIME, retiredBy: "admin", retireReason: "sold" };

/** `found`: what Halligan's own list answers for each state that it is asked for. */
function withMachines(world: World, found: { retired: object[]; all: object[] }): void {
  world.api.script.routes.set("GET /halligan/v1/machines", ({ query }) => ({
    status: 200,
    json: { "@odata.context": "#Machines", value: query.get("state") === "retired" ? found.retired : found.all },
  }));
}

describe("halligan machines", { concurrency: 4 }, () => {
  it("lists by the contract alone, and retired ones only when asked for", async () => {
    await using world = await makeWorld();
    withMachines(world, { retired: [details(RETIRED)], all: [] });
    assert.equal((await world.run("machines", "list")).exitCode, 0);
    assert.deepEqual(
      world.api.seen.filter((line) => line.includes("machines")),
      ["GET /api/machines"],
    );
    const { machines } = JSON.parse((await world.run("machines", "--retired", "--json")).stdout);
    assert.deepEqual([machines[0].state, machines[0].retireReason], ["retired", "sold"]);
    const both = await world.run("machines", "--retired", "--all");
    assert.equal(both.exitCode, 64);
  });

  it("list shows a machine in quarantine as such, whatever its health, and leaves the entity alone", async () => {
    await using world = await makeWorld();
    const status = { onboardingStatus: "InsufficientInfo" };
    const entity = { ...machineEntity({ id: MACHINE_ID, computerDnsName: "web-01" }), ...status };
    const value = [entity, machineEntity({ id: OTHER_ID, computerDnsName: "web-02" })];
    world.api.script.routes.set("GET /api/machines", () => ({
      status: 200,
      json: { "@odata.context": "#Machines", value },
    }));
    withMachines(world, { retired: [], all: [details({ ...status, state: "quarantined", isConnected: false })] });
    const { stdout } = await world.run("machines");
    assert.match(stdout, /^web-01 .* Quarantined /m);
    assert.match(stdout, /^web-02 .* Active /m);
    const quarantined = details({ ...status, state: "quarantined", isConnected: false });
    world.api.script.routes.set(`GET /halligan/v1/machines/${MACHINE_ID}`, () => ({ status: 200, json: quarantined }));
    assert.match((await world.run("machines", "show", MACHINE_ID)).stdout, /^health +Quarantined$/m);
    const { machines } = JSON.parse((await world.run("machines", "--json")).stdout);
    assert.deepEqual([machines[0].healthStatus, "state" in machines[0]], ["Active", false]);
  });

  it("show finds the machine in use before a retired one of its name", async () => {
    await using world = await makeWorld();
    withMachines(world, { retired: [], all: [details({ id: OTHER_ID, ...RETIRED }), details()] });
    world.api.script.routes.set(`GET /halligan/v1/machines/${MACHINE_ID}`, () => ({ status: 200, json: details() }));
    const { stdout } = await world.run("machines", "show", "web-01");
    assert.match(stdout, /^machine +web-01$/m);
    assert.match(stdout, /^state +active, connected$/m);
    const { machine } = JSON.parse((await world.run("machines", "show", "web-01", "--json")).stdout);
    assert.deepEqual([machine.id, "@odata.context" in machine], [MACHINE_ID, false]);
  });

  it("show refuses a name that several machines in use have", async () => {
    await using world = await makeWorld();
    withMachines(world, { retired: [], all: [details(), details({ id: OTHER_ID })] });
    const { exitCode, stdout } = await world.run("machines", "show", "web-01", "--json");
    assert.equal(exitCode, 64);
    assert.deepEqual(JSON.parse(stdout).machineIds, [MACHINE_ID, OTHER_ID]);
  });

  it("rename takes a name or --reset, and not both or neither", async () => {
    await using world = await makeWorld();
    const names: unknown[] = [];
    world.api.script.routes.set(`PUT /halligan/v1/machines/${MACHINE_ID}/name`, ({ body }) => {
      names.push(body);
      return { status: 200, json: details({ computerDnsName: "front" }) };
    });
    assert.match((await world.run("machines", "rename", "web-01", "front")).stdout, /is front$/m);
    assert.equal((await world.run("machines", "rename", "web-01", "--reset")).exitCode, 0);
    assert.deepEqual(names, [{ name: "front" }, { name: null }]);
    assert.equal((await world.run("machines", "rename", "web-01")).exitCode, 64);
    assert.equal((await world.run("machines", "rename", "web-01", "a", "--reset")).exitCode, 64);
  });

  it("retire sends the reason; reinstate and remove look among retired machines alone", async () => {
    await using world = await makeWorld();
    withMachines(world, { retired: [details({ id: OTHER_ID, ...RETIRED })], all: [details()] });
    const asked: unknown[] = [];
    const { routes } = world.api.script;
    routes.set(`POST /halligan/v1/machines/${MACHINE_ID}/retire`, ({ body }) => {
      asked.push(body);
      return { status: 200, json: details(RETIRED) };
    });
    routes.set(`POST /halligan/v1/machines/${OTHER_ID}/reinstate`, () => ({ status: 200, json: details() }));
    routes.set(`DELETE /halligan/v1/machines/${OTHER_ID}`, () => ({ status: 204 }));
    assert.match((await world.run("machines", "retire", "web-01", "--reason", "sold")).stdout, /^Retired web-01 /);
    assert.deepEqual(asked, [{ reason: "sold" }]);
    assert.equal((await world.run("machines", "reinstate", "web-01")).exitCode, 0);
    const removed = await world.run("machines", "remove", "web-01", "--json");
    assert.deepEqual(JSON.parse(removed.stdout), { removed: OTHER_ID });
  });

  it("a second word that is no command is refused with the one that was meant", async () => {
    await using world = await makeWorld();
    const { exitCode, stderr } = await world.run("machines", "shwo");
    assert.equal(exitCode, 64);
    assert.match(stderr, /There is no "machines shwo"\. Did you mean "machines show"\?/);
  });
});

describe("halligan tags and groups", { concurrency: 4 }, () => {
  it("tags are added one by one by the contract's call, and set at once by Halligan's own", async () => {
    await using world = await makeWorld();
    const asked: unknown[] = [];
    const answer = (tags: string[]) => ({ status: 200, json: details({ machineTags: tags }) });
    const { routes } = world.api.script;
    routes.set(`POST /api/machines/${MACHINE_ID}/tags`, ({ body }) => {
      asked.push(body);
      return answer(["a", "b"]);
    });
    routes.set(`PUT /halligan/v1/machines/${MACHINE_ID}/tags`, ({ body }) => {
      asked.push(body);
      return answer([]);
    });
    assert.equal((await world.run("tags", "add", "web-01", "a", "b", "a")).stdout, "web-01: a, b\n");
    assert.equal((await world.run("tags", "remove", "web-01", "a")).exitCode, 0);
    const set = await world.run("tags", "set", "web-01", "--json");
    assert.deepEqual(JSON.parse(set.stdout), { machineId: MACHINE_ID, tags: [] });
    assert.deepEqual(asked, [
      { Value: "a", Action: "Add" },
      { Value: "b", Action: "Add" },
      { Value: "a", Action: "Remove" },
      { tags: [] },
    ]);
  });

  it("update changes what is given and keeps the rest; a group is named by number or name", async () => {
    await using world = await makeWorld();
    const [users, userGroups] = [["u1"], ["analysts"]];
    const lab = { id: 3, name: "lab", remediationLevel: "full", isOpenToUsers: false, users, userGroups };
    const asked: unknown[] = [];
    const { routes } = world.api.script;
    routes.set("GET /halligan/v1/device-groups", () => ({ status: 200, json: { value: [lab] } }));
    routes.set("PUT /halligan/v1/device-groups/3", ({ body }) => {
      asked.push(body);
      return { status: 200, json: lab };
    });
    routes.set(`PUT /halligan/v1/machines/${MACHINE_ID}/device-group`, ({ body }) => {
      asked.push(body);
      return { status: 200, json: details({ rbacGroupId: 3 }) };
    });
    assert.equal((await world.run("groups", "update", "lab", "--level", "none")).exitCode, 0);
    assert.equal((await world.run("groups", "update", "3", "--open")).exitCode, 0);
    assert.equal((await world.run("groups", "assign", "web-01", "lab")).exitCode, 0);
    const { name } = lab;
    assert.deepEqual(asked, [
      { name, remediationLevel: "none", isOpenToUsers: false, users, userGroups },
      { name, remediationLevel: "full", isOpenToUsers: true, users, userGroups },
      { groupId: 3 },
    ]);
    assert.equal((await world.run("groups", "update", "lab")).exitCode, 64);
    assert.equal((await world.run("groups", "update", "lab", "--level", "most")).exitCode, 64);
    const unknown = await world.run("groups", "delete", "lba");
    assert.equal(unknown.exitCode, 66);
    assert.match(unknown.stderr, /Did you mean "lab"\?/);
  });
});

describe("halligan audit and watch", { concurrency: 4 }, () => {
  const record = (seq: number, more: object = {}) => ({
    ...{ seq, at: TIME, actor: "playbook", actorId: "app-1", operation: "RunLiveResponse" },
    ...{ actorKind: "application", application: "app-1", address: null },
    ...{ machineId: MACHINE_ID, actionId: ACTION_ID, detail: { sha256: "abc" }, ...more },
  });

  it("audit shows every fact of a record, also one that a later server adds", async () => {
    await using world = await makeWorld();
    let query = "";
    world.api.script.routes.set("GET /halligan/v1/audit", (request) => {
      query = String(request.query);
      const later = { comment: "case 42", address: "192.0.2.7", nothing: null };
      return { status: 200, json: { value: [record(2, later)], nextLink: null } };
    });
    const { stdout } = await world.run("audit", "--operation", "RunLiveResponse", "--actor", "app-1", "--top", "5");
    assert.equal(
      stdout,
      `2026-11-21 17:32:05Z  RunLiveResponse         playbook  machine ${MACHINE_ID}  action ${ACTION_ID}  ` +
        'address=192.0.2.7  comment="case 42"  sha256=abc\n',
    );
    assert.equal(query, "top=5&actorId=app-1&operation=RunLiveResponse");
    const { records } = JSON.parse((await world.run("audit", "--json")).stdout);
    assert.deepEqual([records[0].seq, records[0].comment], [2, "case 42"]);
  });

  it("audit --after is oldest first, reads all parts up to --top, and says where to continue", async () => {
    await using world = await makeWorld();
    const queries: string[] = [];
    world.api.script.routes.set("GET /halligan/v1/audit", ({ query }) => {
      queries.push(String(query));
      const after = Number(query.get("after"));
      const value = [record(after + 1), record(after + 2)];
      return { status: 200, json: { value, nextLink: after < 2 ? "/halligan/v1/audit" : null, nextAfter: after + 2 } };
    });
    const { records, nextAfter } = JSON.parse((await world.run("audit", "--after", "0", "--json")).stdout);
    assert.deepEqual([records.map(({ seq }: { seq: number }) => seq), nextAfter], [[1, 2, 3, 4], 4]);
    assert.deepEqual(queries, ["top=1000&after=0", "top=998&after=2"]);
    const short = JSON.parse((await world.run("audit", "--after", "0", "--top", "2", "--json")).stdout);
    assert.equal(short.nextAfter, 2);
    const { stdout, stderr } = await world.run("audit", "--after", "0");
    assert.deepEqual(
      stdout.split("\n").map((line) => line.slice(0, 10)),
      ["1", "2", "3", "4"].map((seq) => `${seq.padStart(8)}  `).concat(""),
    );
    assert.equal(stderr, "The next records: halligan audit --after 4\n");
    assert.equal((await world.run("audit", "--after", "0", "--top", "2", "--follow")).exitCode, 64);
    assert.equal((await world.run("audit", "--after", "x")).exitCode, 64);
  });

  it("audit --after says that the server is too old when it ignores the option", async () => {
    await using world = await makeWorld();
    world.api.script.routes.set("GET /halligan/v1/audit", () => ({
      status: 200,
      json: { value: [record(9)], nextLink: null },
    }));
    const { exitCode, stderr } = await world.run("audit", "--after", "0");
    assert.deepEqual([exitCode, /too old/.test(stderr)], [65, true]);
  });

  it("audit --follow --json writes each record once, oldest first, and resumes where it was after the server was away", async () => {
    await using world = await makeWorld();
    const cursors: (string | null)[] = [];
    world.api.script.routes.set("GET /halligan/v1/audit", ({ query }) => {
      const after = query.get("after");
      if (after === null) return { status: 200, json: { value: [record(2), record(1)], nextLink: null } };
      cursors.push(after);
      if (cursors.length === 2)
        return { status: 503, json: { error: { code: "ServiceUnavailable", message: "away" } } };
      const value = after === "0" ? [record(1), record(2)] : [record(4), record(5)];
      return { status: 200, json: { value, nextLink: null, nextAfter: after === "0" ? 2 : 5 } };
    });
    const variables = { HALLIGAN_URL: world.api.url, HALLIGAN_CLIENT_ID: world.api.clientId };
    const secret = { HALLIGAN_CLIENT_SECRET: world.api.clientSecret };
    const running = world.spawn(["audit", "--follow", "--json", "--max-wait", "0"], {
      variables: { ...variables, ...secret },
    });
    let stdout = "";
    await new Promise<void>((resolve) => {
      running.child.stdout.on("data", (text: string) => {
        stdout += text;
        if (stdout.split("\n").length > 4) resolve();
      });
    });
    running.child.kill("SIGINT");
    const { exitCode } = await running.ended;
    assert.equal(exitCode, 130);
    // Ctrl+C is the usual end: each line is a record.
    const documents = stdout
      .trimEnd()
      .split("\n")
      .map((line) => JSON.parse(line));
    assert.deepEqual(
      documents.map(({ seq }) => seq),
      [1, 2, 4, 5],
    );
    assert.deepEqual(cursors.slice(0, 3), ["0", "2", "2"]);
  });

  it("watch writes a line for each event and ends with the action's own exit code", async () => {
    await using world = await makeWorld();
    world.api.script.statuses = ["Pending"];
    world.api.script.events = (stream) => {
      stream.action("InProgress");
      stream.raw('event: transfer\ndata: {"index": 0, "transferredBytes": 2048}\n\n');
      const since = "2026-11-21T12:00:02Z";
      const waiting = { reason: "InsufficientStorage", index: 0, since, until: null, detail: "no space" };
      stream.raw(`event: waiting\ndata: ${JSON.stringify(waiting)}\n\n`);
      stream.action("Failed");
      stream.end();
    };
    const { exitCode, stdout } = await world.run("watch", ACTION_ID, "--json");
    assert.equal(exitCode, 80);
    const events = stdout
      .trimEnd()
      .split("\n")
      .map((line) => JSON.parse(line));
    assert.deepEqual(
      events.map(({ event, action, transferredBytes, reason }) => [
        event,
        action?.status ?? transferredBytes ?? reason,
      ]),
      [
        ["action", "Pending"],
        ["action", "InProgress"],
        ["transfer", 2_048],
        ["waiting", "InsufficientStorage"],
        ["action", "Failed"],
      ],
    );
  });

  it("watch asks for the action where the server has no events", async () => {
    await using world = await makeWorld();
    world.api.script.statuses = ["Pending", "InProgress", "Succeeded"];
    const { exitCode, stdout } = await world.run("watch", ACTION_ID);
    assert.equal(exitCode, 0);
    assert.match(stdout, /Pending\n.*InProgress\n.*Succeeded\n/);
  });
});
