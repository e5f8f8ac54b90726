/** The PATH that a login gives a user. */
import { readFileSync } from "node:fs";
import { rootOnlySearchPath } from "../environment/search-path.ts";

const FOR_USERS = "/usr/local/bin:/usr/bin:/bin";
const FOR_ROOT = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

export function loginPath(uid: number): string {
  const found = pathOf(loginDefs(), uid === 0);
  // A program in a folder that another account can change would run as root.
  return uid === 0 ? rootOnlySearchPath(found).path : found;
}

/** @param text of /etc/login.defs: `ENV_PATH PATH=...` for users, `ENV_SUPATH` for root */
export function pathOf(text: string, isRoot: boolean): string {
  const pattern = isRoot ? /^\s*ENV_SUPATH\s+(?:PATH=)?(\S+)/m : /^\s*ENV_PATH\s+(?:PATH=)?(\S+)/m;
  return pattern.exec(text)?.[1] ?? (isRoot ? FOR_ROOT : FOR_USERS);
}

function loginDefs(): string {
  try {
    return readFileSync("/etc/login.defs", "utf8");
  } catch {
    return "";
  }
}
