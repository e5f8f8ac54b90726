/**
 * The parts of devices in the process of a simulation, a benchmark or a test: the agent's core, its
 * ports, its uploads and its enrollment. No program uses this interface.
 */
export { type CoreDeps, runAgentCore } from "./core/agent-core.ts";
export type { PinnedKeys } from "./core/order-keys-check.ts";
export { CANCELLED_TEXT, STOPPED_BEFORE_TEXT, STOPPED_TEXT } from "./core/orders/end-texts.ts";
export type {
  CommandJob,
  CommandRef,
  Connection,
  Disk,
  Log,
  Net,
  OutputReader,
  OutputSizes,
  OutputSpools,
  ProcessRef,
  Random,
  Received,
  Runner,
  RunScriptCommand,
  ScriptEnd,
  ScriptStart,
  Transcript,
  TransferCommand,
  TransferEnd,
} from "./core/ports.ts";
export { ServerConnection } from "./core/server-connection.ts";
export { enroll } from "./identity/enroll.ts";
export { currentFacts } from "./machine-facts/machine-facts.ts";
export { agentNetwork } from "./network/agent-network.ts";
export { DEFAULT_SETTINGS } from "./settings.ts";
export { TransferFailedError, TransferWatch } from "./transfer/transfer-watch.ts";
export { upload } from "./transfer/upload.ts";
