import type { KeyObject } from "node:crypto";
import {
  type AgentFrame,
  decodeHandshakeAnswer,
  LINK_VERSION,
  parseAgentFrame,
  type ServerFrame,
} from "@halligan/protocol/link";
import { FrameSeal, signWelcome } from "@halligan/protocol/link-crypto";

/**
 * The server's side of a connection of link version 2 in a test, whose time of the link the test
 * sets.
 */
export class ServerSeal {
  /** Sent without changes. */
  readonly welcome: string;
  linkMs = (): number => 0;
  readonly #fromDevice: FrameSeal;
  readonly #toDevice: FrameSeal;

  constructor(
    challenge: Uint8Array,
    answer: Uint8Array,
    orderKey: KeyObject,
    welcome: { linkEpoch: number; serverTimeMs: number; ticket: string; pingIntervalMs: number },
  ) {
    const deviceKey = decodeHandshakeAnswer(answer)?.ephemeralKey ?? new Uint8Array();
    const signed = signWelcome({ challenge, answer }, deviceKey, { linkVersion: LINK_VERSION, ...welcome }, orderKey);
    if (!signed) throw new Error("the device's ephemeral key is none");
    this.welcome = JSON.stringify(signed.frame);
    this.#fromDevice = new FrameSeal(signed.keys.toServer);
    this.#toDevice = new FrameSeal(signed.keys.toAgent);
  }

  open(text: string): AgentFrame | null {
    const json = this.#fromDevice.open(text);
    return json === null ? null : parseAgentFrame(json);
  }

  seal(frame: ServerFrame): string {
    return this.#toDevice.seal(`${this.linkMs()}${JSON.stringify(frame)}`);
  }

  close(code: number, words: string): string {
    return this.#toDevice.sealClose(code, words);
  }
}
