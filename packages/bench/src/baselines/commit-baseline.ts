import { execFile } from "node:child_process";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { findProgram } from "../processes/find-program.ts";

/** As many as one node has. */
const CONNECTIONS = "16";
const INSERT = "insert into pgbench_history (tid, bid, aid, delta, mtime) values (1, 1, 1, :client_id, now());\n";

/**
 * The baseline of one node on PostgreSQL: commits a second that insert one row each, by `pgbench`
 * (C, prepared statements) over as many connections as a node has. Null where `pgbench` is not
 * installed.
 */
export async function commitBaseline(folder: string, url: string, seconds: number): Promise<number | null> {
  const pgbench = await findProgram("pgbench");
  if (pgbench === null) return null;
  const script = join(folder, "one-row.sql");
  await writeFile(script, INSERT);
  const run = promisify(execFile);
  await run(pgbench, ["--initialize", "--init-steps=t", "--quiet", url]);
  const load = ["--client", CONNECTIONS, "--protocol=prepared", "--time", String(seconds)];
  const { stdout } = await run(pgbench, ["--no-vacuum", "--file", script, ...load, url]);
  const perSecond = /^tps = ([\d.]+)/m.exec(stdout)?.[1];
  if (perSecond === undefined) throw new Error(`pgbench reported no commits a second: ${stdout}`);
  return Number(perSecond);
}
