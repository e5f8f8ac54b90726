/**
 * The parts of the server that `packages/sim` runs, which wait only on ports, and the parts that
 * `packages/bench` measures without HTTP. Not an interface for other packages.
 */
export type { ApplicationCaller, Caller } from "./auth/caller.ts";
export { checkLinkTicket, type LinkTicket } from "./auth/signatures/link-ticket.ts";
export { checkInPlace, checkInThreadPool } from "./auth/signatures/signature-check.ts";
export type {
  BlobStore,
  CompleteAnswer,
  OpenBlob,
  PutLibraryAnswer,
  PutPartAnswer,
  ResultContent,
  ResultPart,
  WholeResult,
} from "./blobs/blob-store.ts";
export { openDiskBlobStore } from "./blobs/disk/disk-blob-store.ts";
export type { Bus } from "./bus/bus.ts";
export { localBus } from "./bus/local-bus.ts";
export { readConfig } from "./config/config.ts";
export { boundEndsMs } from "./domain/actions/action-bound.ts";
export { isFinal, type MachineAction } from "./domain/actions/machine-action.ts";
export type { Waiting } from "./domain/actions/progress/waiting-reason.ts";
export type { DomainError } from "./domain/errors.ts";
export { CONTRACT_POLICY } from "./domain/identity/policy.ts";
export { NO_CONTINUITY } from "./domain/machines/clone-detection.ts";
export type { Machine } from "./domain/machines/machine.ts";
export type { AgentSocket, AgentSocketEvents } from "./gateway/frames/agent-socket.ts";
export { Gateway } from "./gateway/gateway.ts";
export { cancelMachineAction } from "./service/actions/cancel-machine-action.ts";
export { type OutputCursor, type OutputStep, OutputWatch } from "./service/actions/output/watch-output.ts";
export { idempotencyKey } from "./service/actions/start/idempotent-start.ts";
export { runLiveResponse } from "./service/actions/start/run-live-response.ts";
export { withWaiting } from "./service/actions/watch/read-waiting.ts";
export type { ConnectionIdentity } from "./service/agents/connection/connection-identity.ts";
export { reapAllConnections } from "./service/agents/connection/record-disconnect.ts";
export { enrollMachine } from "./service/agents/enroll-machine.ts";
export { recordEnded, recordStarted } from "./service/agents/machine-reports.ts";
export { nextForConnection } from "./service/agents/next-order.ts";
export { NodeLease } from "./service/cluster/node-lease.ts";
export { NO_RECOVERY, type ServerKeys, type ServiceContext, type ServiceLimits } from "./service/context.ts";
export { addLibraryFile } from "./service/library/add-library-file.ts";
export { removeLibraryFile } from "./service/library/remove-library-file.ts";
export { reinstateMachine, retireMachine } from "./service/machines/retire-machine.ts";
export { NO_MEASURES } from "./service/measures.ts";
export { agentsOfNode } from "./service/ready-agents.ts";
export { ResultSpace } from "./service/result-space.ts";
export { createDownloadUrl } from "./service/results/create-download-url.ts";
export { openResult } from "./service/results/open-result.ts";
export {
  actionForTransfer,
  completeResult,
  isCurrentTicket,
  receiveResultPart,
} from "./service/results/receive-result.ts";
export { removeAbandonedUploads } from "./service/results/remove-abandoned-uploads.ts";
export { type BackgroundJobIntervals, backgroundJobs, runJobs } from "./setup/background-jobs.ts";
export { loadKeys } from "./setup/keys/keys.ts";
export { PlannedStatements } from "./store/postgres/planned-statements.ts";
export { PostgresConnection } from "./store/postgres/postgres-connection.ts";
export { openPool, type PostgresOptions } from "./store/postgres/postgres-pool.ts";
export { PostgresReader } from "./store/postgres/postgres-reader.ts";
export { PostgresStore } from "./store/postgres/postgres-store.ts";
export { PostgresTransaction } from "./store/postgres/postgres-transaction.ts";
export { type CommitConnection, GroupCommit } from "./store/sqlite/group-commit.ts";
export { migrate, SqliteExecutor, SqliteStore } from "./store/sqlite/sqlite-store.ts";
export { type Executor, StatementCompiler } from "./store/statement.ts";
export { type Store, type StoreTx, storeTx } from "./store/store.ts";
export { StoreUnavailableError } from "./store/store-unavailable-error.ts";
export { VersionConflictError } from "./store/version-conflict-error.ts";
