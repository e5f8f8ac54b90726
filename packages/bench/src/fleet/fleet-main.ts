/**
 * The process of simulated devices: a line of JSON in, a line of JSON out, until its input ends.
 */
import { createInterface } from "node:readline";
import { Value } from "typebox/value";
import { Fleet } from "./fleet.ts";
import { FleetRequest } from "./messages.ts";

await using fleet = new Fleet();

function answer(request: FleetRequest): Promise<object> {
  switch (request.type) {
    case "enroll":
      return fleet.enroll(request);
    case "link":
      return fleet.link();
    case "awaitReturn":
      return fleet.awaitReturn();
    case "dispatch":
      return fleet.dispatch(request);
    case "work":
      return fleet.work(request);
  }
}

for await (const line of createInterface({ input: process.stdin })) {
  let text: string;
  try {
    text = JSON.stringify(await answer(Value.Parse(FleetRequest, JSON.parse(line))));
  } catch (cause) {
    text = JSON.stringify({ failure: cause instanceof Error ? (cause.stack ?? cause.message) : String(cause) });
  }
  process.stdout.write(`${text}\n`);
}
