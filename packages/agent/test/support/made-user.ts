/** A user of this device that a test makes and removes. Needs root. */
import { execFileSync } from "node:child_process";
import { randomBytes } from "node:crypto";
import { rmSync } from "node:fs";

export interface MadeUser extends AsyncDisposable {
  name: string;
  uid: number;
  gid: number;
  /** All of its groups, as `id -G` prints them. */
  groups: string;
  home: string;
}

/** With a home and two supplementary groups. */
export async function madeUser(): Promise<MadeUser> {
  const name = `hgn-${randomBytes(4).toString("hex")}`;
  const others = [`${name}-a`, `${name}-b`];
  for (const group of others) run("groupadd", group);
  run("useradd", "--create-home", "--shell", "/bin/bash", "--user-group", "--groups", others.join(","), name);
  const home = `/home/${name}`;
  return {
    name,
    uid: Number(run("id", "-u", name)),
    gid: Number(run("id", "-g", name)),
    groups: run("id", "-G", name).trim(),
    home,
    async [Symbol.asyncDispose]() {
      run("userdel", name);
      for (const group of others) run("groupdel", group);
      rmSync(home, { recursive: true, force: true });
    },
  };
}

/** The files of users have a lock, which another test may hold. */
function run(program: string, ...args: string[]): string {
  for (let tries = 0; ; tries++) {
    try {
      return execFileSync(program, args, { encoding: "utf8", stdio: ["ignore", "pipe", "pipe"] });
    } catch (error) {
      if (tries >= 20 || !/cannot lock/.test(String(error))) throw error;
    }
  }
}
