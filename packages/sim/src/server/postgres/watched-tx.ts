import type { StoreTx } from "@halligan/server/simulation";
import { heldValue } from "../held-value.ts";
import type { Written } from "./committed-rows.ts";

/** Keeps what a transaction writes, to be shown when it is committed. */
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
 * `refuse` throws when no statement may be sent any more. Use cases ask their `tx` for each one, several together as well: so it is answered
 * as a store answers, by a rejection of each, or those that were asked for before it would be left with nobody who waits for them.
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
