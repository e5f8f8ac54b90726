import {
  type HelloAnswer,
  type Kept,
  type LINK_CLOSE,
  ORDER_ORIGIN,
  type Order,
  type ServerFrame,
} from "@halligan/protocol/link";
import type { DeviceKey } from "../../auth/signatures/device-key.ts";
import { withoutOrigin } from "../../domain/actions/order.ts";
import type { RollingValue } from "../../domain/machines/clone-detection.ts";
import { recordConfirmation } from "../../service/agents/connection/answer-hello.ts";
import type { ConnectionIdentity } from "../../service/agents/connection/connection-identity.ts";
import type { ExchangeEnd } from "../../service/agents/connection/record-disconnect.ts";
import { nextForConnection } from "../../service/agents/next-order.ts";
import type { ServiceContext } from "../../service/context.ts";
import { DueReports } from "./due-reports.ts";
import { signOrder } from "./order-signature.ts";
import { RefusalLog } from "./refusal-log.ts";
import { handleReport, type ReportFrame, recordGranted } from "./reports.ts";
import { ScheduledWake } from "./scheduled-wake.ts";
import { SeenAction } from "./seen-action.ts";
import { SentOrders } from "./sent-orders.ts";
import { UnrecordedStart } from "./unrecorded-start.ts";

/** What the exchange needs of its connection. */
export interface ExchangePort {
  readonly isClosed: boolean;
  readonly isSealed: boolean;
  /** True while another connection of the machine waits for a life sign of this device. */
  readonly isLivenessAwaited: boolean;
  /** Fields of each log line. */
  readonly names: object;
  send(frame: ServerFrame): void;
  fail(reason: keyof typeof LINK_CLOSE, detail: string): void;
  /** Runs the work after all earlier work of the connection. */
  queue(work: () => Promise<void>): void;
  /** Looks in the store for more work of the machine. */
  checkForWork(): void;
  /** Two devices use the machine's key. */
  quarantine(): Promise<void>;
}

/**
 * The orders that one connection sends and the reports that it receives. It decides nothing: it
 * sends what the store asks for (`nextForConnection`) and what a use case has claimed for it.
 */
export class OrderExchange {
  readonly #context: ServiceContext;
  readonly #identity: ConnectionIdentity;
  readonly #deviceKey: DeviceKey;
  readonly #port: ExchangePort;
  readonly #sent = new SentOrders();
  readonly #due = new DueReports();
  readonly #refusals = new RefusalLog();
  readonly #unrecorded: UnrecordedStart;
  readonly #seen = new SeenAction();
  readonly #scheduled: ScheduledWake;
  /**
   * The rolling value that the device has not confirmed yet; null after the confirmation. No start
   * is granted before the confirmation.
   */
  #unconfirmedValue: RollingValue | null = null;
  /** Whether the device takes the members of `order-origin.ts`. */
  #takesOrigin = false;

  constructor(context: ServiceContext, identity: ConnectionIdentity, deviceKey: DeviceKey, port: ExchangePort) {
    this.#context = context;
    this.#identity = identity;
    this.#deviceKey = deviceKey;
    this.#port = port;
    this.#scheduled = new ScheduledWake(context.clock, () => port.checkForWork());
    this.#unrecorded = new UnrecordedStart(context.clock, () => port.queue(() => this.#recordStart()));
  }

  /** The device's Ed25519 key, raw, base64url. */
  get deviceKey(): string {
    return this.#deviceKey.raw;
  }

  /**
   * @param offered the rolling value in the answer; null in link version 1
   * @param features those of the hello
   */
  helloAnswered(verdicts: HelloAnswer["orders"], offered: RollingValue | null, features: readonly string[]): void {
    this.#sent.answered(verdicts);
    this.#takesOrigin = features.includes(ORDER_ORIGIN);
    this.#unconfirmedValue = offered;
  }

  async report(frame: ReportFrame): Promise<void> {
    const outcome = await handleReport(
      this.#context,
      {
        identity: this.#identity,
        deviceKey: this.#deviceKey,
        isSealed: this.#port.isSealed,
        isValueUnconfirmed: this.#unconfirmedValue !== null,
        unrecorded: this.#unrecorded,
        seen: this.#seen,
        orderSentAtMs: this.#sent.atMs(frame.orderSeq),
        send: (response) => this.#port.send(response),
      },
      frame,
    );
    await this.#act(outcome);
    if (outcome.kind !== "refused" || frame.type !== "refused" || !this.#refusals.add(frame)) return;
    const { actionId, code } = frame;
    this.#context.log.warn({ ...this.#port.names, actionId, code }, "order refused by its device");
  }

  /** Called when a report arrives: whether an order of this connection made it due. */
  isDue({ orderSeq }: ReportFrame): boolean {
    return this.#due.take(orderSeq);
  }

  /**
   * A late confirmation of another connection's value confirms nothing: the device has received
   * this connection's value too, or will receive it.
   */
  async kept({ rollingValue }: Kept): Promise<void> {
    const unkept = this.#unconfirmedValue;
    if (unkept?.text !== rollingValue) return;
    if (await recordConfirmation(this.#context, this.#identity, unkept)) this.#unconfirmedValue = null;
    else this.#port.fail("replaced", "a newer link was accepted");
  }

  async sendNext(): Promise<void> {
    const port = this.#port;
    const next = await nextForConnection(this.#context, this.#identity);
    if (port.isClosed) return;
    if (next.type === "idle") return this.#scheduled.next(next.scheduledMs);
    if (next.type === "retired") return port.fail("retired", "the machine was retired");
    if (next.type === "quarantined") return port.fail("quarantined", next.detail);
    if (next.type === "stale") {
      // A newer connection with another journal may wait for a life sign of this device. This frame
      // shows whether there are two devices.
      if (!port.isLivenessAwaited) port.fail("replaced", "a newer link was accepted");
      return;
    }
    if (next.type === "order") return this.sendOrder(next.order);
    const { cancelledBy, ...end } = next;
    if (this.#sent.addEnd(next.orderSeq)) port.send(this.#takesOrigin ? next : end);
  }

  sendOrder(order: Order): void {
    const { actionId, orderSeq } = order;
    if (this.#port.isClosed || !this.#sent.addOrder(orderSeq)) return;
    this.#context.log.info({ ...this.#port.names, actionId, orderSeq }, "order sent");
    this.#due.ordered(order);
    const known = this.#takesOrigin ? order : withoutOrigin(order);
    this.#port.send(signOrder(known, this.#context.keys.order.signing));
    this.#sent.sentOrder(orderSeq, this.#context.clock.nowMs());
  }

  /** Everything may be sent again on this connection. */
  repeat(): void {
    this.#sent.repeat();
  }

  /**
   * From now on each start is recorded before it is granted. False if a start that was granted
   * before could not be recorded.
   */
  async recordStarts(settled: () => Promise<void>): Promise<boolean> {
    this.#unrecorded.forbid();
    if (this.#unrecorded.granted) {
      this.#port.queue(() => this.#recordStart());
      await settled();
    }
    return this.#unrecorded.granted === null;
  }

  /** Called at the close. The returned function is called after all queued work. */
  end(): () => ExchangeEnd {
    this.#scheduled.end();
    this.#unrecorded.end();
    return () => ({ sent: this.#sent.last, granted: this.#unrecorded.granted });
  }

  async #recordStart(): Promise<void> {
    if (this.#port.isClosed) return;
    const connection = { identity: this.#identity, unrecorded: this.#unrecorded, seen: this.#seen };
    await this.#act(await recordGranted(this.#context, connection));
  }

  async #act(outcome: Awaited<ReturnType<typeof handleReport>>): Promise<void> {
    if (outcome.kind === "close") this.#port.fail(outcome.reason, outcome.detail);
    else if (outcome.kind === "twoDevices") await this.#port.quarantine();
    else if (outcome.kind !== "done" || this.#scheduled.isExpected) this.#port.checkForWork();
  }
}
