import { join } from "node:path";
import { call, type Ended } from "../../../../cli/test/call.ts";
import type { World } from "../../../src/world.ts";

/** Calls `halligan` in this process as the administrator of `world`, in the world's folder. */
export function halligan(world: World, ...args: string[]): Promise<Ended> {
  return call(args, { folder: world.folder, variables: variablesFor(world) });
}

/** The environment of a `halligan` that reads no profile of this machine. */
export function variablesFor(world: World): Record<string, string> {
  const { baseUrl, clientId, clientSecret } = world.credentials;
  return {
    HALLIGAN_CONFIG: join(world.folder, "none.json"),
    HALLIGAN_URL: baseUrl,
    HALLIGAN_CLIENT_ID: clientId,
    HALLIGAN_CLIENT_SECRET: clientSecret,
  };
}
