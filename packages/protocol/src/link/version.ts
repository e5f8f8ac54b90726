/**
 * Version of the agent link. What each number added, and what a peer may then assume:
 * 1: handshake, hello, orders, started, startGranted, orderKeys, ended, end, closed, numbered parts
 * up, Range down.
 * 2: continuity in the hello, rollingValue in its answer, kept, probe, probeAnswer, fileChange of
 *    an uploaded result; signedWelcome, sealed frames with the time of the link, proven close
 *    codes, signed ends, numbered sets of order keys; features in the hello, and with the feature
 *    `liveOutput` the frames of `frame/output-frames.ts`, with `orderOrigin` the members of
 *    `order/order-origin.ts`; with features that the answer to the hello repeats: `outputCounts`,
 *    `output` in the result of a script; `outputBeyond`, the end `beyond` of a read; secretKey in
 *    the hello, and with it secretEnv in an order.
 *
 * The agent names its version in the handshake, and the welcome repeats it. A server speaks this
 * version and the one before; an agent speaks this one only. So servers are upgraded first.
 */
export const LINK_VERSION = 2;
export const OLDEST_LINK_VERSION = 1;

/** Path of the WebSocket on the server. */
export const LINK_PATH = "/agent/v1/link";
