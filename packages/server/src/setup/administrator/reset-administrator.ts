import { mkdir, readFile, stat } from "node:fs/promises";
import { userInfo } from "node:os";
import { join } from "node:path";
import { backgroundClock } from "@halligan/protocol/time";
import type { Logger } from "pino";
import { type Config, ConfigError } from "../../config/config.ts";
import { systemIds } from "../../ids.ts";
import { SERVER } from "../../service/actor.ts";
import { storedDeployment } from "../../service/cluster/deployment-settings.ts";
import type { BackendSettings } from "../backend-settings.ts";
import { requireOwner } from "../data-folder-owner.ts";
import { refuseOpenModes } from "../open-modes.ts";
import { openStore } from "../open-store.ts";
import { replaceAdministrator } from "./first-administrator.ts";

export interface AdministratorReset {
  /** Path of the new credentials. */
  readonly file: string;
  /** The content of that file. */
  readonly credentials: string;
}

/**
 * `halligan-server admin reset`. It uses the database directly, so it needs no credentials and no
 * running server. An operator who can write the data folder, or has the database's password,
 * controls the deployment in any case. A running server sees the change at its next read.
 */
export async function resetAdministrator(
  config: Config,
  backendSettings: BackendSettings,
  log: Logger,
): Promise<AdministratorReset> {
  const { dataDir } = config;
  if (backendSettings.database) await mkdir(dataDir, { recursive: true, mode: 0o700 });
  else {
    await stat(join(dataDir, "halligan.db")).catch((cause: unknown) => {
      throw new ConfigError(
        `there is no database in ${dataDir}; set HALLIGAN_DATA_DIR, --data or HALLIGAN_DATABASE_URL as the server has it`,
        { cause },
      );
    });
  }
  await requireOwner(dataDir, "admin reset");
  await refuseOpenModes(config);
  const { store } = await openStore(config, backendSettings);
  try {
    const { tenant, publicUrl } = await storedDeployment(store);
    if (tenant === undefined) {
      throw new ConfigError("no server has been started on this database: its first start makes an administrator");
    }
    const context = { store, clock: backgroundClock, ids: systemIds(backgroundClock.nowMs), log };
    const deployment = { dataDir, tenant, publicUrl: publicUrl ?? config.publicUrl };
    const actor = { ...SERVER, name: `halligan-server admin reset by ${userInfo().username}` };
    const file = await replaceAdministrator(context, deployment, actor);
    return { file, credentials: await readFile(file, "utf8") };
  } finally {
    await store.close();
  }
}
