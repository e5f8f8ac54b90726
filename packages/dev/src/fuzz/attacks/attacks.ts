import type { SeededRandom } from "../../torture/seeded-random.ts";
import type { FuzzContext } from "../fuzz-context.ts";
import { attackHandshake, attackHello } from "./attack-handshake.ts";
import { attackHttp } from "./attack-http.ts";
import { attackAsTwins, attackReports, flood } from "./attack-reports.ts";
import { attackTransfers } from "./attack-transfers.ts";
import { attackWebSocket } from "./attack-websocket.ts";

export interface FuzzAttack {
  readonly name: string;
  /** How often it is picked, by how many frames and how much time it takes. */
  readonly weight: number;
  readonly run: (context: FuzzContext) => Promise<void>;
}

const ATTACKS: readonly FuzzAttack[] = [
  { name: "handshake", weight: 20, run: attackHandshake },
  { name: "hello", weight: 15, run: attackHello },
  { name: "reports", weight: 30, run: attackReports },
  { name: "flood", weight: 1, run: flood },
  { name: "twins", weight: 5, run: attackAsTwins },
  { name: "transfers", weight: 8, run: attackTransfers },
  { name: "http", weight: 12, run: attackHttp },
  { name: "websocket", weight: 7, run: attackWebSocket },
];

/** All of them when no names are given. Throws for a name that none has. */
export function attacksNamed(names: readonly string[]): readonly FuzzAttack[] {
  const unknown = names.find((name) => !ATTACKS.some((attack) => attack.name === name));
  if (unknown !== undefined)
    throw new Error(`there is no attack ${unknown}; there are ${ATTACKS.map(({ name }) => name)}`);
  return names.length === 0 ? ATTACKS : ATTACKS.filter(({ name }) => names.includes(name));
}

export function pickAttack(attacks: readonly FuzzAttack[], random: SeededRandom): FuzzAttack["run"] {
  const sum = attacks.reduce((total, { weight }) => total + weight, 0);
  let left = random.between(1, sum);
  for (const { weight, run } of attacks) {
    left -= weight;
    if (left <= 0) return run;
  }
  throw new Error("there is no attack to pick from");
}
