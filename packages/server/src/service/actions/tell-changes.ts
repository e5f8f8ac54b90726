import type { Bus } from "../../bus/bus.ts";
import type { Store, StoreTx } from "../../store/store.ts";

/**
 * The store, telling the bus of every action that a commit has changed. Here and not in the use cases, so that none can forget it;
 * after the commit, because whoever hears it reads the row at once.
 */
export function tellingStore(store: Store, bus: Pick<Bus, "actionChanged">): Store {
  return {
    read: (work) => store.read(work),
    async write(work) {
      let changed = new Set<string>();
      const answer = await store.write((tx) => {
        // A transaction that lost a race may be run again; what the lost one saved never was.
        changed = new Set();
        return work(telling(tx, changed));
      });
      for (const actionId of changed) bus.actionChanged(actionId);
      return answer;
    },
    close: () => store.close(),
  };
}

function telling(tx: StoreTx, changed: Set<string>): StoreTx {
  const { actions, resultLinks } = tx;
  return {
    ...tx,
    resultLinks: {
      ...resultLinks,
      // No row of the action that a watcher shows is another one, but a download under way has to end.
      revoke(actionId) {
        changed.add(actionId);
        return resultLinks.revoke(actionId);
      },
    },
    actions: {
      ...actions,
      insert(action) {
        changed.add(action.id);
        return actions.insert(action);
      },
      save(loaded, action) {
        changed.add(action.id);
        return actions.save(loaded, action);
      },
    },
  };
}
