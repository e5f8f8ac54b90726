import type { Bus } from "./bus.ts";
import { progressThrottle } from "./progress-throttle.ts";
import { Subscribers } from "./subscribers.ts";

/** For one node. `monotonicMs`: the clock of a simulation. */
export function localBus(monotonicMs: () => number = () => performance.now()): Bus {
  const subscribers = new Subscribers();
  const isWorthPublishing = progressThrottle(monotonicMs);
  return {
    wakeMachine: (machineId) => subscribers.wake(machineId),
    onMachineWake: (listener) => subscribers.onWake(listener),
    // There is no other node.
    announceConnection: () => undefined,
    onConnectionAnnounced: (listener) => subscribers.onConnectionAnnounced(listener),
    onHintsLost: (listener) => subscribers.onLost(listener),
    actionChanged: (actionId) => subscribers.changed(actionId),
    transferProgress(progress) {
      if (isWorthPublishing(progress)) subscribers.transferred(progress);
    },
    onActionChange: (actionId, listener) => subscribers.onAction(actionId, listener),
  };
}
