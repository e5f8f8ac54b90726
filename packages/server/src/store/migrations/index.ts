import type { Migration } from "kysely/migration";
import * as firstLight from "./0001-first-light.ts";

/** In the order in which they run. */
export const MIGRATIONS: Readonly<Record<string, Migration>> = {
  "0001-first-light": firstLight,
};
