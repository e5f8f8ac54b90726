/** An IPv4 address as a socket that listens on IPv6 writes it. */
const MAPPED = /^::ffff:(?=\d+\.\d+\.\d+\.\d+$)/i;

/**
 * The address of a connection's other end, as it is logged, stored and compared. Empty when
 * unknown.
 */
export const peerAddress = (remoteAddress: string | undefined): string => (remoteAddress ?? "").replace(MAPPED, "");
