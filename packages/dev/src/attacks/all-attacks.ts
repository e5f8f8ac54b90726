import { anonymousCpu } from "./anonymous-cpu.ts";
import type { Attack } from "./attack.ts";
import { busFlood } from "./bus-flood.ts";
import { connectionExhaustion } from "./connection-exhaustion.ts";
import { costlyFrames } from "./costly-frames.ts";
import { diskFilling } from "./disk-filling.ts";
import { failedAuthentication } from "./failed-authentication.ts";
import { neverEnding } from "./never-ending.ts";

/** Every attack, in the order of the report. */
export const ATTACKS: readonly Attack[] = [
  anonymousCpu,
  connectionExhaustion,
  costlyFrames,
  diskFilling,
  neverEnding,
  failedAuthentication,
  busFlood,
];
