import type { Bus } from "./bus.ts";

/** For one node: the listeners are called after the present turn, so that a publisher never runs their code. */
export function localBus(): Bus {
  const listeners = new Set<(machineId: string) => void>();
  return {
    wakeMachine(machineId) {
      queueMicrotask(() => {
        for (const listener of listeners) listener(machineId);
      });
    },
    onMachineWake(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  };
}
