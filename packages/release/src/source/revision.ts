import { runProgram } from "../run-program.ts";

/** What is built: the same revision gives the same bytes. */
export interface Revision {
  /**
   * The first 12 hex digits of the commit, with `.modified` when tracked files differ from it or
   * untracked ones exist.
   */
  readonly commit: string;
  /** When the commit was made, in seconds since 1970: the time of every file in an archive. */
  readonly timeSeconds: number;
}

/** The revision of a checkout. Rejects without Git, because a release names its commit. */
export async function revisionOf(root: string): Promise<Revision> {
  const git = (...args: string[]) => runProgram("git", args, { cwd: root });
  const [head = "", time = ""] = (await git("show", "-s", "--format=%H %ct", "HEAD")).trim().split(" ");
  const isModified = (await git("status", "--porcelain")) !== "";
  return { commit: `${head.slice(0, 12)}${isModified ? ".modified" : ""}`, timeSeconds: Number(time) };
}
