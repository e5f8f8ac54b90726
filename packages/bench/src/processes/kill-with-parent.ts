import type { ChildProcess } from "node:child_process";

const living = new Set<ChildProcess>();

process.once("exit", () => {
  for (const child of living) child.kill("SIGKILL");
});

/** Whoever ends this process without disposing of its children must not leave them behind. */
export function killWithParent(child: ChildProcess): void {
  living.add(child);
  child.once("close", () => living.delete(child));
}
