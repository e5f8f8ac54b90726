import type { ChildProcess } from "node:child_process";

const living = new Set<ChildProcess>();

process.once("exit", () => {
  for (const child of living) child.kill("SIGKILL");
});

/** If this process ends without disposing of its children, they must end too. */
export function killWithParent(child: ChildProcess): void {
  living.add(child);
  child.once("close", () => living.delete(child));
}
