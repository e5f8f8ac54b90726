/**
 * What `packages/sim` drives: the parts of the server that wait on ports only. Not an interface for anybody else.
 */
export type { Caller } from "./auth/caller.ts";
export { checkInPlace } from "./auth/signature-check.ts";
export type {
  BlobStore,
  CompleteAnswer,
  OpenBlob,
  PutLibraryAnswer,
  PutPartAnswer,
  ResultPart,
  WholeResult,
} from "./blobs/blob-store.ts";
export type { Bus } from "./bus/bus.ts";
export { localBus } from "./bus/local-bus.ts";
export type { Clock } from "./clock.ts";
export { boundEndsMs } from "./domain/action-bound.ts";
export { NO_CONTINUITY } from "./domain/clone-detection.ts";
export type { DomainError } from "./domain/errors.ts";
export type { Machine } from "./domain/machine.ts";
export { isFinal, type MachineAction } from "./domain/machine-action.ts";
export { BEAT_INTERVAL_MS } from "./domain/node-lease.ts";
export { CONTRACT_POLICY } from "./domain/policy.ts";
export { Gateway } from "./gateway/gateway.ts";
export type { LinkSocket, LinkSocketEvents } from "./gateway/link-socket.ts";
export { loop } from "./loops/loop.ts";
export { addLibraryFile } from "./service/add-library-file.ts";
export { cancelMachineAction } from "./service/cancel-machine-action.ts";
export { NO_RECOVERY, type ServerKeys, type ServiceContext, type ServiceLimits } from "./service/context.ts";
export { createResultLink } from "./service/create-result-link.ts";
export { enrollMachine } from "./service/enroll-machine.ts";
export { expireActions } from "./service/expire-actions.ts";
export { forgetAllLinks } from "./service/link-lifecycle.ts";
export { NO_MEASURES } from "./service/measures.ts";
export { NodeLease } from "./service/node-lease.ts";
export { openResult } from "./service/open-result.ts";
export { actionForTransfer, completeResult, receiveResultPart, verifyLinkTicket } from "./service/receive-result.ts";
export { removeAbandonedUploads } from "./service/remove-abandoned-uploads.ts";
export { removeLibraryFile } from "./service/remove-library-file.ts";
export { ResultSpace } from "./service/result-space.ts";
export { reinstateMachine, retireMachine } from "./service/retire-machine.ts";
export { runLiveResponse } from "./service/run-live-response.ts";
export { PlannedStatements } from "./store/postgres/planned-statements.ts";
export { PostgresConnection } from "./store/postgres/postgres-connection.ts";
export { openPool, type PostgresOptions } from "./store/postgres/postgres-pool.ts";
export { PostgresReader } from "./store/postgres/postgres-reader.ts";
export { PostgresStore } from "./store/postgres/postgres-store.ts";
export { PostgresTransaction } from "./store/postgres/postgres-transaction.ts";
export { migrate, SqliteExecutor } from "./store/sqlite/sqlite-store.ts";
export { type LaneDatabase, WriteLane } from "./store/sqlite/write-lane.ts";
export { type Executor, StatementCompiler } from "./store/statement.ts";
export { type Store, type StoreTx, storeTx } from "./store/store.ts";
export { StoreUnavailable } from "./store/store-unavailable.ts";
export { VersionConflict } from "./store/version-conflict.ts";
