import type pg from "pg";
import { Type } from "typebox";
import { Compile } from "typebox/compile";

const Settings = Compile(
  Type.Object({ encoding: Type.String(), fsync: Type.String(), standby: Type.Boolean(), version: Type.Integer() }),
);

const OLDEST_VERSION = 130_000;

/**
 * Refuses a server on which an acknowledged commit could be lost, or whose text encoding is not
 * UTF-8.
 */
export async function checkServer(pool: pg.Pool): Promise<void> {
  const { rows } = await pool.query(
    `select current_setting('server_encoding') as encoding, current_setting('fsync') as fsync,
       pg_is_in_recovery() as standby, current_setting('server_version_num')::int as version`,
  );
  const settings: unknown = rows[0];
  if (!Settings.Check(settings)) throw new Error("the database did not return its settings");
  const fault = problemOf(settings);
  if (fault) throw new Error(`this PostgreSQL cannot be used: ${fault}`);
}

interface ServerSettings {
  encoding: string;
  fsync: string;
  standby: boolean;
  version: number;
}

function problemOf({ encoding, fsync, standby, version }: ServerSettings): string | null {
  if (fsync !== "on") return "fsync is off, so an acknowledged commit would not survive a power cut";
  if (encoding !== "UTF8") return `the database's encoding is ${encoding}, it must be UTF8`;
  if (standby) return "it is a standby, which refuses writes";
  if (version < OLDEST_VERSION) return `its version is ${version}, the minimum version is ${OLDEST_VERSION}`;
  return null;
}
