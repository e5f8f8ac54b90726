/**
 * What `packages/sim` drives: the agent's core and the ports that it waits on. Not an interface for anybody else.
 */
export { type CoreDeps, runAgentCore } from "./core/agent-core.ts";
export { backoffMs } from "./core/backoff.ts";
export { CANCELLED_TEXT, STOPPED_TEXT } from "./core/end-texts.ts";
export { LinkState } from "./core/link-state.ts";
export { orderKeys } from "./core/order-check.ts";
export type {
  Clock,
  CommandJob,
  CommandRef,
  Connection,
  Disk,
  Log,
  Net,
  ProcessRef,
  Random,
  Received,
  Runner,
  RunScriptCommand,
  ScriptEnd,
  Transcript,
  TransferCommand,
  TransferEnd,
} from "./core/ports.ts";
