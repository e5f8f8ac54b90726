import type { Msg, NatsConnection, Subscription } from "@nats-io/transport-node";
import type { Logger } from "pino";
import type { Bus, TransferProgress } from "./bus.ts";
import { MESSAGES_PER_SECOND, MessageRate } from "./message-rate.ts";
import {
  type ActionHint,
  encodeAnnouncement,
  parseActionHint,
  parseAnnouncement,
  parseWake,
  type Wake,
} from "./nats-messages.ts";
import { checkNatsAddress, type NatsAddress } from "./nats-options.ts";
import { progressThrottle } from "./progress-throttle.ts";
import { ReconnectingNats } from "./reconnecting-nats.ts";
import { Subscribers } from "./subscribers.ts";

export interface NatsBusOptions extends NatsAddress {
  /**
   * The deployment's id. Nodes with the same id receive each other's messages. Letters, digits, `-`
   * and `_`.
   */
  readonly deployment: string;
  readonly log: Pick<Logger, "info" | "warn">;
  /** Messages of other nodes. Beyond this number the node stops listening for a while. */
  readonly messagesPerSecond?: number;
  /** A message arrived that no node sends. */
  readonly onMalformed?: () => void;
}

export interface NatsBus extends Bus, AsyncDisposable {
  /** Whether other nodes receive this node's messages now. */
  readonly isConnected: boolean;
  /** Sends what was published last and closes the connection. Waits at most two seconds. */
  close(): Promise<void>;
}

/** How long a node does not listen after a flood, and how often it reads the store meanwhile. */
const MUTED_MS = 10_000;
const LOST_INTERVAL_MS = 100;

const DEPLOYMENT = /^[A-Za-z0-9_-]{1,64}$/;
/** Ids become parts of subjects, in which dots and stars have a meaning. */
const ACTION_ID = /^[0-9a-f-]{1,64}$/;

/**
 * For several nodes, over plain NATS. JetStream is not used, because a late hint is useless and the
 * store is authoritative. This node's own listeners are notified at once, whether NATS is connected
 * or not. Returns at once and connects by itself.
 *
 * Wake-ups use one subject that every node subscribes to: there are few nodes, each one looks into
 * its own map of connections, and no node has to know where a machine is connected. Changes of
 * actions have a subject for each action, so that NATS drops those without a watcher: a node with
 * no watchers gets none of a thousand a second.
 */
export function natsBus(options: NatsBusOptions): NatsBus {
  const { deployment, log, onMalformed = () => undefined, messagesPerSecond = MESSAGES_PER_SECOND } = options;
  if (!DEPLOYMENT.test(deployment)) throw new Error("the deployment's id cannot be part of a NATS subject");
  checkNatsAddress(options);
  const wakeSubject = `halligan.${deployment}.wake`;
  const announcementSubject = `halligan.${deployment}.taken`;
  const actionSubject = (actionId: string) => `halligan.${deployment}.action.${actionId}`;
  const subscribers = new Subscribers();
  const isWorthPublishing = progressThrottle(() => performance.now());
  const actionSubscriptions = new Map<string, Subscription>();

  const rate = new MessageRate(messagesPerSecond, () => performance.now());
  let muted: { poll: NodeJS.Timeout; end: NodeJS.Timeout } | null = null;
  const unmute = () => {
    clearInterval(muted?.poll);
    clearTimeout(muted?.end);
    muted = null;
  };
  /**
   * After a flood this node unsubscribes for a while, so that the flood costs it nothing. The
   * connection is closed too: the NATS server has megabytes of the flood queued for it, and all of
   * them would be parsed before the unsubscription takes effect.
   */
  const mute = () => {
    log.warn({ mutedMs: MUTED_MS }, "too many messages on the bus; not listening for a while");
    actionSubscriptions.clear();
    muted = {
      poll: setInterval(() => subscribers.lost(), LOST_INTERVAL_MS).unref(),
      end: setTimeout(() => {
        unmute();
        if (nats.connection !== null) subscribe(nats.connection);
      }, MUTED_MS).unref(),
    };
    nats.renew();
  };
  const heard = (): boolean => {
    if (muted !== null) return false;
    if (!rate.exceeds()) return true;
    mute();
    return false;
  };
  const onWake = (message: Msg) => {
    if (!heard()) return;
    const wake = parseWake(message.data);
    if (wake === null) onMalformed();
    else subscribers.wake(wake.machineId, true);
  };
  const onConnectionAnnounced = (message: Msg) => {
    if (!heard()) return;
    const announced = parseAnnouncement(message.data);
    if (announced === null) onMalformed();
    else subscribers.connectionAnnounced(announced);
  };
  const subscribeToAction = (connection: NatsConnection, actionId: string) => {
    const subscription = listen(connection, actionSubject(actionId), ({ data }) => {
      if (!heard()) return;
      const hint = parseActionHint(data);
      if (hint === null) onMalformed();
      if (hint?.type === "changed") subscribers.changed(actionId, true);
      if (hint?.type === "transferred") {
        const { index, transferredBytes } = hint;
        subscribers.transferred({ actionId, index, transferredBytes });
      }
    });
    if (subscription !== null) actionSubscriptions.set(actionId, subscription);
  };
  const subscribe = (connection: NatsConnection) => {
    listen(connection, wakeSubject, onWake);
    listen(connection, announcementSubject, onConnectionAnnounced);
    actionSubscriptions.clear();
    for (const actionId of subscribers.watchedActions()) {
      if (ACTION_ID.test(actionId)) subscribeToAction(connection, actionId);
    }
  };
  const nats = new ReconnectingNats(options, log, (connection) => {
    if (muted === null) subscribe(connection);
  });
  const publishHint = (actionId: string, hint: ActionHint) => {
    if (ACTION_ID.test(actionId)) nats.publish(actionSubject(actionId), JSON.stringify(hint));
  };
  const close = () => {
    unmute();
    return nats.close();
  };

  return {
    get isConnected() {
      return nats.connection !== null && !nats.connection.isClosed();
    },
    wakeMachine(machineId) {
      subscribers.wake(machineId);
      nats.publish(wakeSubject, JSON.stringify({ machineId } satisfies Wake));
    },
    onMachineWake: (listener) => subscribers.onWake(listener),
    onHintsLost: (listener) => subscribers.onLost(listener),
    announceConnection: (announced) => nats.publish(announcementSubject, encodeAnnouncement(announced)),
    onConnectionAnnounced: (listener) => subscribers.onConnectionAnnounced(listener),
    actionChanged(actionId) {
      subscribers.changed(actionId);
      publishHint(actionId, { type: "changed" });
    },
    transferProgress(progress: TransferProgress) {
      if (!isWorthPublishing(progress)) return;
      subscribers.transferred(progress);
      const { actionId, index, transferredBytes } = progress;
      publishHint(actionId, { type: "transferred", index, transferredBytes });
    },
    onActionChange: (actionId, listener) =>
      subscribers.onAction(actionId, listener, {
        onFirst() {
          if (nats.connection !== null && muted === null && ACTION_ID.test(actionId))
            subscribeToAction(nats.connection, actionId);
        },
        onLast() {
          actionSubscriptions.get(actionId)?.unsubscribe();
          actionSubscriptions.delete(actionId);
        },
      }),
    close,
    [Symbol.asyncDispose]: close,
  };
}

/** Null when the connection ended a moment ago. The next one subscribes to everything. */
function listen(connection: NatsConnection, subject: string, onMessage: (message: Msg) => void): Subscription | null {
  try {
    return connection.subscribe(subject, {
      callback(error, message) {
        // An error is a refusal by the server, which `reconnecting-nats.ts` logs.
        if (error === null) onMessage(message);
      },
    });
  } catch {
    return null;
  }
}
