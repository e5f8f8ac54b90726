import assert from "node:assert/strict";
import { Agent, request as sendRequest } from "node:http";
import { type TestContext, test } from "node:test";
import { START } from "../../../../src/http/api/access-rules.ts";
import { OPERATIONS } from "../../../../src/http/api/routes.ts";
import { permitted } from "../../../../src/http/edge/access.ts";
import { ok } from "../../../../src/http/edge/http-response.ts";
import { operationsOf } from "../../../../src/http/edge/operation.ts";
import { ANY, GOOD, PLAIN, startApp, type World } from "../fixture.ts";

/**
 * Every JSON body of the route table, with a handler that does nothing: what is measured is reading
 * and checking.
 */
const operation = operationsOf<World>();
const JSON_ROUTES = OPERATIONS.filter(({ body }) => body.kind === "json");
const operations = JSON_ROUTES.map(({ name, body }) =>
  operation({
    name,
    method: "POST",
    path: `/cost/${name}`,
    access: permitted(START),
    ...PLAIN,
    responses: ANY,
    body,
    handler: () => ok({}),
  }),
);

const SMALL_KIB = 32;
const LARGE_KIB = 480;
/**
 * Larger bodies may cost so many times more per KiB: garbage collection and caches, far below what
 * is quadratic (15).
 */
const MAX_RATIO = 4;

type Make = (kib: number) => string;

/** Values of about so many KiB that are expensive to check. */
const VALUES: Readonly<Record<string, Make>> = {
  "an array of numbers": (kib) => `[${"1,".repeat(kib * 500)}1]`,
  "an array of empty objects": (kib) => `[${"{},".repeat(kib * 340)}{}]`,
  "an array of equal strings": (kib) => `[${'"a",'.repeat(kib * 250)}"a"]`,
  "many keys": (kib) => `{${Array.from({ length: kib * 80 }, (_, n) => `"k${n}":1`).join(",")}}`,
  "joined characters": (kib) => `"${"\u200d\u{1f468}".repeat(kib * 145)}"`,
};

/** Bodies that are expensive to read, whatever is expected. */
const TEXTS: Readonly<Record<string, Make>> = {
  "keys that are numbers": (kib) => `{${Array.from({ length: kib * 60 }, (_, n) => `"${n * 65_536}":1`).join(",")}}`,
  "equal keys": (kib) => `{${'"a":{"a":1},'.repeat(kib * 80)}"a":1}`,
  escapes: (kib) => `{"Comment":"${"\\u0301".repeat(kib * 170)}"}`,
  "nested arrays": (kib) => `${"[".repeat(kib * 500)}${"]".repeat(kib * 500)}`,
  "nested objects": (kib) => `${'{"a":'.repeat(kib * 170)}1${"}".repeat(kib * 170)}`,
  "white space": (kib) => `{${" ".repeat(kib * 1_000)}}`,
  "an unfinished string": (kib) => `{"${"\\\\".repeat(kib * 500)}`,
  "digits of a number": (kib) => `{"a":1${"0".repeat(kib * 1_000)}}`,
};

test("the cost of checking a JSON body grows with its size and no faster, on every route", async (t) => {
  assert.ok(JSON_ROUTES.length > 10);
  const cost = await costs(t);
  for (const { name, body } of JSON_ROUTES) {
    const properties = propertiesOf(body.schema);
    assert.ok(properties.length > 0, name);
    for (const [shape, make] of Object.entries(VALUES)) {
      const body = (kib: number) =>
        `{${properties.map((one) => `${JSON.stringify(one)}:${make(kib / properties.length)}`).join(",")}}`;
      await cost(name, shape, body);
    }
  }
});

test("the cost of reading a JSON text grows with its size and no faster", async (t) => {
  const cost = await costs(t);
  for (const [shape, make] of Object.entries(TEXTS)) await cost("CancelMachineAction", shape, make);
});

test("every array of a request has a bound, which the checks rely on", () => {
  for (const { name, body } of JSON_ROUTES) assertBounded(name, body.schema);
});

/** Asserts the processor time per KiB of a route with a small and a large body. */
async function costs(t: TestContext) {
  const { base } = await startApp(t, { operations });
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  let worst = { perKib: 0, of: "" };
  t.after(() => {
    agent.destroy();
    t.diagnostic(`most expensive: ${worst.perKib.toFixed(1)} us/KiB, ${worst.of}`);
  });
  return async (route: string, shape: string, make: Make): Promise<void> => {
    const [small, large] = [Buffer.from(make(SMALL_KIB)), Buffer.from(make(LARGE_KIB))];
    const perKib = async (body: Buffer) =>
      (await processorTimeUs(() => exchange(`${base}/cost/${route}`, body, agent))) / (body.length / 1024);
    await perKib(small);
    let [least, most] = [Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY];
    // Other programs of the machine only ever add: the least of some runs counts.
    for (let n = 0; n < 5 && (n === 0 || most > MAX_RATIO * least); n += 1) {
      least = Math.min(least, await perKib(small));
      most = Math.min(most, await perKib(large));
    }
    if (most > worst.perKib) worst = { perKib: most, of: `${shape} to ${route}` };
    assert.ok(most <= MAX_RATIO * least, `${shape} to ${route}: ${least} us/KiB small, ${most} us/KiB large`);
  };
}

async function processorTimeUs(work: () => Promise<unknown>): Promise<number> {
  const before = process.cpuUsage();
  await work();
  const { user, system } = process.cpuUsage(before);
  return user + system;
}

function exchange(url: string, body: Buffer, agent: Agent): Promise<void> {
  return new Promise((resolve, reject) => {
    const headers = { ...GOOD, "content-type": "application/json", "content-length": body.length };
    const request = sendRequest(url, { method: "POST", agent, headers }, (response) => {
      response.resume().on("end", () => resolve());
    });
    request.on("error", reject);
    request.end(body);
  });
}

const partOf = (schema: unknown, name: string): unknown =>
  typeof schema === "object" && schema !== null ? Object.entries(schema).find(([key]) => key === name)?.[1] : undefined;

const propertiesOf = (schema: unknown): string[] => {
  const properties = partOf(schema, "properties");
  return typeof properties === "object" && properties !== null ? Object.keys(properties) : [];
};

function assertBounded(place: string, schema: unknown): void {
  if (partOf(schema, "type") === "array") assert.equal(typeof partOf(schema, "maxItems"), "number", place);
  const inner = [
    partOf(schema, "items"),
    partOf(schema, "anyOf"),
    partOf(schema, "allOf"),
    partOf(schema, "properties"),
  ];
  for (const part of inner) {
    if (typeof part !== "object" || part === null) continue;
    if (!Array.isArray(part)) assertBounded(place, part);
    for (const [name, one] of Object.entries(part)) assertBounded(`${place} ${name}`, one);
  }
}
