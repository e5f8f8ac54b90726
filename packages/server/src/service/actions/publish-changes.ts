import type { Bus } from "../../bus/bus.ts";
import type { Store, StoreTx } from "../../store/store.ts";

/**
 * Wraps the store so that it publishes every action that a commit has changed. A wrapper covers all
 * use cases, so none can omit it. It publishes after the commit, because subscribers read the row
 * at once.
 */
export function publishingStore(store: Store, bus: Pick<Bus, "actionChanged">): Store {
  return {
    read: (work) => store.read(work),
    async write(work) {
      let changed = new Set<string>();
      const result = await store.write((tx) => {
        // The transaction may run again after it lost a race. What the lost attempt saved was never
        // committed.
        changed = new Set();
        return work(publishingTx(tx, changed));
      });
      for (const actionId of changed) bus.actionChanged(actionId);
      return result;
    },
    close: () => store.close(),
  };
}

function publishingTx(tx: StoreTx, changed: Set<string>): StoreTx {
  const { actions, resultLinks } = tx;
  return {
    ...tx,
    resultLinks: {
      ...resultLinks,
      // The row that a watcher sees has not changed, but a running download must end.
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
