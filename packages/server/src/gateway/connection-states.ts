import type { ConnectionStates } from "../service/measures.ts";
import type { Gateway } from "./gateway.ts";
import type { WsGateway } from "./ws-gateway.ts";

/**
 * A socket in neither of the gateway's states was closed here while its network end is still open.
 */
export function connectionStates(
  gateway: Pick<Gateway, "counts">,
  sockets: Pick<WsGateway, "socketCount">,
): ConnectionStates {
  const { counts } = gateway;
  const { unauthenticated, authenticating, ready } = counts;
  return { ...counts, closing: Math.max(0, sockets.socketCount - unauthenticated - authenticating - ready) };
}
