/** An IPv4 address in the form of a socket that listens on IPv6. */
const MAPPED = /^::ffff:(?=\d+\.\d+\.\d+\.\d+$)/i;

/**
 * The address of a connection's peer, in the form that is logged, stored and compared. Empty when
 * unknown.
 */
export const peerAddress = (remoteAddress: string | undefined): string => (remoteAddress ?? "").replace(MAPPED, "");
