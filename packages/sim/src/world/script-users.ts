import type { World } from "./world.ts";

/** The account of every simulated agent. */
export const AGENT_USER = "root";
const WANTED = /^as (.+)$/;

/**
 * The user that a caller wants, written into the arguments of the script. They reach the device by
 * another member of the order than `runAs`, so the oracle needs nothing that the server stored.
 */
export const argsFor = (user: string) => ({ key: "Args", value: `as ${user}` });

/** A script begins as `user`. */
export function checkUser(world: World, deviceName: string, args: string | null, user: string): void {
  const wanted = WANTED.exec(args ?? "")?.[1] ?? AGENT_USER;
  if (user === wanted) return;
  world.violated("runsAsItsUser", `a script that was to run as ${wanted} begins as ${user} on ${deviceName}`);
}
