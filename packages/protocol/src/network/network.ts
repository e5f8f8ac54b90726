/** Agents of node's HTTP client that use the proxy of the environment, if there is one. */
import type http from "node:http";
import https from "node:https";
import net from "node:net";
import type { Duplex } from "node:stream";
import tls from "node:tls";
import { nodeHttp } from "./node-http.ts";
import { type HttpProxy, type ProxyEnvironment, portOf, proxyFor } from "./proxy-rules.ts";
import { openTunnel, serverName, withoutBrackets } from "./tunnel.ts";

export interface Network {
  /** For a request to this address. Throws ProxyError for a variable that names no usable proxy. */
  agentFor(url: URL): http.Agent;
  /**
   * For a request that takes over its connection, like a WebSocket. No other request uses that
   * connection.
   */
  upgradeAgentFor(url: URL): http.Agent;
  /** The proxy for this address, for people; null for none. */
  proxyNameFor(url: URL): string | null;
}

export interface NetworkOptions {
  env: ProxyEnvironment;
  /** Longest wait until a proxy has connected, in milliseconds. */
  proxyTimeoutMs: number;
  /** Most concurrent connections to one server. */
  maxSockets: number;
}

export function createNetwork({ env, proxyTimeoutMs, maxSockets }: NetworkOptions): Network {
  const shared = new Map<string, http.Agent>();
  return {
    agentFor(url) {
      const proxy = proxyFor(url, env);
      // A tunnel leads to one server, so each server has its own agent.
      let agent = shared.get(url.origin);
      if (!agent) {
        agent = makeAgent(url, proxy, proxyTimeoutMs, { keepAlive: true, maxSockets });
        shared.set(url.origin, agent);
      }
      return agent;
    },
    upgradeAgentFor: (url) => makeAgent(url, proxyFor(url, env), proxyTimeoutMs, {}),
    proxyNameFor: (url) => proxyFor(url, env)?.name ?? null,
  };
}

function makeAgent(url: URL, proxy: HttpProxy | null, timeoutMs: number, options: http.AgentOptions): http.Agent {
  const isTls = url.protocol === "https:";
  const agent = isTls ? new https.Agent(options) : new nodeHttp.Agent(options);
  if (!proxy) return agent;
  agent.createConnection = (_options, callback) => {
    connect(url, proxy, timeoutMs).then(
      (socket) => callback?.(null, socket),
      // The type requires a connection. With an error, the callback ignores it.
      (error: Error) => callback?.(error, new net.Socket()),
    );
    return undefined;
  };
  return agent;
}

async function connect(url: URL, proxy: HttpProxy, timeoutMs: number): Promise<Duplex> {
  const socket = await openTunnel(proxy, { hostname: url.hostname, port: portOf(url) }, timeoutMs);
  if (url.protocol !== "https:") return socket;
  const host = withoutBrackets(url.hostname);
  return tls.connect({ socket, host, ALPNProtocols: ["http/1.1"], ...serverName(host) });
}
