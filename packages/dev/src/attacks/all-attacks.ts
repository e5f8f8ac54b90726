import type { Attack } from "./attack.ts";
import { anonymousCpu } from "./kinds/anonymous-cpu.ts";
import { busFlood } from "./kinds/bus-flood.ts";
import { connectionExhaustion } from "./kinds/connection-exhaustion.ts";
import { costlyFrames } from "./kinds/costly-frames.ts";
import { diskFilling } from "./kinds/disk-filling.ts";
import { failedAuthentication } from "./kinds/failed-authentication.ts";
import { neverEnding } from "./kinds/never-ending.ts";

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
