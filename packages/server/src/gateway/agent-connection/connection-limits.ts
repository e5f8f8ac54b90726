/**
 * Frames of one connection that wait for their turn. One read of a socket is 64 KiB and can contain
 * 3,000 pings. They may arrive after reading was paused.
 */
export const MAX_WAITING_FRAMES = 4_096;
/** Bytes that were sent and that the device does not read. */
export const MAX_BUFFERED_BYTES = 8 * 1024 * 1024;
/** Ping intervals without a frame, after which the connection is closed. */
export const SILENT_INTERVALS = 3;
