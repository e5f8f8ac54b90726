/**
 * The attacker's process: `attacker-main.ts NAME`, its target as JSON on standard input; it attacks
 * until SIGTERM.
 */
import { text } from "node:stream/consumers";
import { Value } from "typebox/value";
import { ATTACKS } from "./all-attacks.ts";
import { AttackTarget } from "./attack.ts";

const stop = new AbortController();
process.once("SIGTERM", () => stop.abort());
const name = process.argv[2];
const attack = ATTACKS.find((one) => one.name === name);
if (!attack) throw new Error(`no attack is named ${name}`);
const target = Value.Parse(AttackTarget, JSON.parse(await text(process.stdin)));
const running = await attack.start(target, stop.signal);
say({ word: "started" });
await running.ended;
say({ word: "ended", counters: running.counters() });
// Sockets that a server never closes would keep the process.
process.exit(0);

function say(message: object): void {
  process.stdout.write(`${JSON.stringify(message)}\n`);
}
