const SOCKET = "the timer belongs to a socket or response and is cleared when that ends";
const CHILD = "the timer belongs to a child process and is cleared when that exits";
const LIMIT = "the timer limits one operation and is cleared at its end";
const REPEAT = "it repeats until its owner clears it; protocol/time has only single waits";

/** Source files with timers of Node, each with its reason. All others wait with protocol/time. */
export const OWN_TIMERS: Readonly<Record<string, string>> = {
  "agent/src/websocket/websocket-connection.ts": SOCKET,
  "bench/src/processes/child.ts": CHILD,
  "bench/src/processes/request-process.ts": CHILD,
  "bench/src/processes/usage.ts": REPEAT,
  "cli/src/actions/wait-for-action.ts": REPEAT,
  "dev/src/attacks/trial/server-process.ts": REPEAT,
  "dev/src/fuzz/server-watch.ts": REPEAT,
  "dev/src/link-proxy/hostile-proxy.ts": SOCKET,
  "dev/src/link-proxy/proxy-fuzz.ts": REPEAT,
  "dev/src/program.ts": CHILD,
  "protocol/src/client/transport/streamed-events.ts": LIMIT,
  "protocol/src/client/transport/fetch-once.ts": LIMIT,
  "protocol/src/client/transport/silence-limit.ts": LIMIT,
  "protocol/src/network/tunnel.ts": SOCKET,
  "server/src/bus/nats-bus.ts": REPEAT,
  "server/src/bus/reconnecting-nats.ts": LIMIT,
  "server/src/gateway/ws-gateway.ts": SOCKET,
  "server/src/http/api/list-turns.ts": SOCKET,
  "server/src/http/edge/admission/held-refusals.ts": SOCKET,
  "server/src/http/edge/admission/refused-bodies.ts": SOCKET,
  "server/src/http/edge/read-body.ts": SOCKET,
  "server/src/http/edge/response/raw-responses.ts": SOCKET,
  "server/src/http/edge/server/first-bytes.ts": SOCKET,
  "server/src/http/edge/server/http-app.ts": SOCKET,
  "server/src/http/edge/server/drain-body.ts": SOCKET,
  "server/src/metrics/metrics.ts": LIMIT,
  "server/src/store/postgres/postgres-connection.ts": LIMIT,
  "server/src/store/postgres/postgres-store.ts":
    "the pause before a transaction is tried again; the store has no clock",
  "server/src/store/sqlite/scan-pool.ts": LIMIT,
  "server/src/store/sqlite/checkpoints.ts": "setImmediate lets the responses be written first; it measures no time",
  "server/src/store/sqlite/sqlite-store.ts": "setImmediate gives other work its turn; it measures no time",
  "sim/src/time/quiet.ts": "setImmediate runs all promises that are due; it measures no time",
};
