/** The account that runs the agent, as the system knows it. */
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";

export interface Account {
  name: string;
  home: string;
}

/**
 * Does not use `os.userInfo`, because Bun returns the variables HOME and USER, which depend on how
 * the agent was started. An account that is in no directory has its number as its name and the root
 * folder as its home.
 */
export function ownAccount(): Account {
  const uid = process.geteuid?.() ?? 0;
  return (
    passwdAccount(localAccounts(), uid) ?? passwdAccount(askedAccount(uid), uid) ?? { name: String(uid), home: "/" }
  );
}

/**
 * @param text lines of a passwd file. The home is always the last field but one, also in the longer
 * lines of macOS.
 */
export function passwdAccount(text: string, uid: number): Account | null {
  for (const line of text.split("\n")) {
    const fields = line.split(":");
    const name = fields[0];
    if (!name || fields.length < 7 || fields[2] !== String(uid)) continue;
    const home = fields.at(-2);
    return { name, home: home?.startsWith("/") ? home : "/" };
  }
  return null;
}

function localAccounts(): string {
  try {
    return readFileSync("/etc/passwd", "utf8");
  } catch {
    return "";
  }
}

/** Accounts of a directory service. */
function askedAccount(uid: number): string {
  const [file, args] = process.platform === "darwin" ? ["/usr/bin/id", ["-P"]] : ["getent", ["passwd", String(uid)]];
  try {
    return execFileSync(file, args, {
      encoding: "utf8",
      timeout: 5_000,
      stdio: ["ignore", "pipe", "ignore"],
      env: { PATH: "/usr/bin:/bin" },
    });
  } catch {
    return "";
  }
}
