import type { StoreTx } from "@halligan/server/simulation";
import { heldValue } from "../held-value.ts";
import type { Written } from "./committed-rows.ts";

/** Records the writes of a transaction, to show them to the invariants after the commit. */
export function watchedTx(tx: StoreTx, written: Written): StoreTx {
  const { actions, machines, audit } = tx;
  return {
    ...tx,
    actions: {
      ...actions,
      async insert(action) {
        await actions.insert(action);
        written.actions.set(action.id, action);
      },
      async save(loaded, changed) {
        const saved = await actions.save(loaded, changed);
        written.actions.set(saved.id, saved);
        return saved;
      },
    },
    machines: {
      ...machines,
      async save(loaded, changed) {
        await machines.save(loaded, changed);
        if (changed.quarantined) written.quarantined.add(changed.id);
        const held = heldValue(loaded, changed);
        if (held) written.held.push(held);
      },
    },
    audit: {
      ...audit,
      async append(record) {
        await audit.append(record);
        const { operation, actionId, detail } = record;
        if (actionId !== null) written.audit.push({ operation, action_id: actionId, detail: JSON.stringify(detail) });
      },
    },
  };
}

/**
 * A transaction of a dead process. `refuse` throws when no further statement may be sent. A use
 * case can issue several statements together, so each statement must reject, as in a store.
 * Otherwise, earlier statements would have no caller that awaits them.
 */
export function refusingTx(tx: StoreTx, refuse: () => void): StoreTx {
  return new Proxy(tx, {
    get(target, aggregate) {
      try {
        refuse();
      } catch (cause) {
        return new Proxy({}, { get: () => () => Promise.reject(cause) });
      }
      return Reflect.get(target, aggregate);
    },
  });
}
