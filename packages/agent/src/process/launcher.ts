/**
 * The shell that becomes a script's program, and what it sets before: what a program inherits from
 * its parent and neither runtime lets `spawn` choose. So a script finds the same however the agent
 * was started. It costs half as much processor time as a trivial script, so it is used only where
 * the agent does not have these settings itself (`script-settings.ts`) or cannot enter the cgroup
 * (`cgroups/thread-move.ts`).
 *
 * - The file mode mask is 022, whatever started the agent.
 * - The soft limit of open files is the usual one. Both runtimes raise their own to the hard limit,
 *   which programs that close every possible descriptor, or use select(), do not expect. A lower
 *   hard limit stays.
 *
 * Niceness, the other limits and the rights of the agent's service are the administrator's choice
 * and stay.
 */

/** @param openFiles the soft limit, `scriptOpenFiles` */
export const launcherSettings = (openFiles: number) => `umask 022; ulimit -Sn ${openFiles} 2>/dev/null; `;

export function becomeProgram(
  file: string,
  args: readonly string[],
  openFiles: number,
): { file: string; args: string[] } {
  return { file: "/bin/sh", args: ["-c", `${launcherSettings(openFiles)}exec "$0" "$@"`, file, ...args] };
}
