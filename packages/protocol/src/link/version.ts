/**
 * Version of the agent link. What each number added, and what a peer may then assume:
 * 1: handshake, hello, orders, started, startGranted, orderKeys, ended, end, closed, numbered parts up, Range down.
 */
export const LINK_VERSION = 1;

/** Path of the WebSocket on the server. */
export const LINK_PATH = "/agent/v1/link";
