import assert from "node:assert/strict";
import { Compile } from "typebox/schema";
import { type Answer, parsed } from "../support/api.ts";
import { eventsOf } from "../support/event-stream.ts";
import { at, keysOf, shown } from "../support/json.ts";

/**
 * Fails unless the answer is one that the document promises for a good request. `document`: the
 * whole of it.
 */
export function assertDocumented(document: unknown, operation: unknown, answer: Answer): void {
  const statuses = keysOf(at(operation, "responses"));
  const good = statuses.filter((status) => status.startsWith("2") && status !== "206");
  // What is only ever refused is shown with its refusal.
  const expected = good.length > 0 ? good : ["403"];
  assert.ok(expected.includes(String(answer.status)), `${answer.status} instead of ${expected}: ${answer.text}`);

  const content = at(operation, "responses", String(answer.status), "content");
  if (content === undefined) {
    assert.equal(answer.text, "");
    return;
  }
  const type = (answer.headers.get("content-type") ?? "").split(";")[0] ?? "";
  const media = at(content, type);
  assert.ok(media !== undefined, `${type} is not documented`);
  const example = at(media, "example");
  if (type === "text/event-stream") {
    const events = eventsOf(answer.text);
    assert.ok(events.length > 0, "there are no events");
    for (const { event, data } of events) assertFits(document, at(media, "schema", "x-events", event), parsed(data));
    return;
  }
  if (type !== "application/json") {
    if (example !== undefined) assert.equal(answer.text, example);
    return;
  }
  assertFits(document, at(media, "schema"), answer.body);
  // A list that the example shows with items must not pass for being empty.
  const items = at(example, "value");
  if (!Array.isArray(items) || items.length === 0) return;
  const answered = at(answer.body, "value");
  assert.ok(Array.isArray(answered) && answered.length > 0, `it is empty: ${answer.text}`);
}

function assertFits(document: unknown, schema: unknown, value: unknown): void {
  const root = closed(schema);
  assert.ok(typeof root === "object" && root !== null, "there is no schema");
  const validator = Compile({ ...root, components: closed(at(document, "components")) });
  if (validator.Check(value)) return;
  assert.fail(`${shown(validator.Errors(value)[1].slice(0, 3))} in ${shown(value)}`);
}

/**
 * The same schema, but every object has the documented properties alone: what is answered is to be
 * documented.
 */
function closed(schema: unknown): unknown {
  if (Array.isArray(schema)) return schema.map(closed);
  if (typeof schema !== "object" || schema === null) return schema;
  const parts = Object.fromEntries(Object.entries(schema).map(([name, part]) => [name, closed(part)]));
  const isOpen = "properties" in parts && "type" in parts && parts.additionalProperties === undefined;
  return isOpen ? { ...parts, additionalProperties: false } : parts;
}
