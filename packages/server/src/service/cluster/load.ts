import type { Store } from "../../store/store.ts";
import type { ResultSpace } from "../result-space.ts";

/** Figures of the store for the metrics, read at one moment. */
export const readLoad = (store: Store, resultSpace: Pick<ResultSpace, "totalBytes">, nowMs: number) =>
  store.read(async (tx) => ({
    ...(await tx.actions.load(nowMs)),
    quarantined: await tx.machines.quarantinedCount(),
    resultBytes: await resultSpace.totalBytes(tx),
  }));
