import type { Bench } from "./bench.ts";
import { actions } from "./benches/actions.ts";
import { cluster } from "./benches/cluster.ts";
import { competitors } from "./benches/competitors.ts";
import { files } from "./benches/files.ts";
import { idle } from "./benches/idle.ts";
import { intake } from "./benches/intake.ts";
import { latency } from "./benches/latency.ts";
import { list } from "./benches/list.ts";
import { scripts } from "./benches/scripts.ts";
import { syscalls } from "./benches/syscalls.ts";

/** In the order in which they run and are printed. */
export const BENCHES: readonly Bench[] = [
  latency,
  scripts,
  actions,
  intake,
  files,
  idle,
  list,
  syscalls,
  cluster,
  competitors,
];
