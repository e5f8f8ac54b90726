import { createHash, randomBytes } from "node:crypto";
import {
  EnrollResponse,
  type MachineFacts,
  PART_BYTES,
  PART_SHA256_HEADER,
  resultCompletePath,
  resultPartPath,
} from "@halligan/protocol/link";
import { Value } from "typebox/value";
import type { World } from "../../../src/world.ts";
import { getFile } from "../../e2e/live-response.ts";
import { DeviceKey, TestDevice } from "../../wire/openapi/device.ts";

const FACTS: MachineFacts = {
  computerDnsName: "slow",
  osPlatform: "Linux",
  version: "12",
  osVersion: "6.12.9",
  osBuild: null,
  osArchitecture: "64-bit",
  osProcessor: "x64",
  agentVersion: "0.1.0",
  ipAddresses: [],
};

/** A device whose GetFile sends a part when the test lets it. */
export class SlowDevice implements Disposable {
  readonly actionId: string;
  readonly #baseUrl: string;
  readonly #device: TestDevice;
  #uploadId = randomBytes(16).toString("hex");

  private constructor(baseUrl: string, device: TestDevice, actionId: string) {
    this.#baseUrl = baseUrl;
    this.#device = device;
    this.actionId = actionId;
  }

  /** Its order is out. */
  static async start({ credentials: { baseUrl }, client }: World): Promise<SlowDevice> {
    const { token } = await client.createEnrollmentToken({ uses: 1, expiresInSeconds: 600 });
    const key = new DeviceKey();
    const body = { token, publicKey: key.publicKey, proof: key.proof(token), facts: FACTS };
    const answer = await fetch(`${baseUrl}/agent/v1/enroll`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify(body),
    });
    const { machineId, orderKeys } = Value.Parse(EnrollResponse, await answer.json());
    const [serverKey] = orderKeys;
    if (!serverKey) throw new Error("the server names no order key");
    const device = await TestDevice.link(baseUrl, { key, machineId, serverKey });
    await device.hello(FACTS);
    const request = { Commands: [getFile("/large")], Comment: "arriving" };
    const { id } = await client.startLiveResponse(machineId, request);
    await device.order();
    return new SlowDevice(baseUrl, device, id);
  }

  /** The status of the answer. */
  async sendPart(part: number, bytes: Uint8Array<ArrayBuffer>): Promise<number> {
    const headers = { "content-type": "application/octet-stream", [PART_SHA256_HEADER]: sha256Of(bytes) };
    return await this.#send("PUT", resultPartPath(this.actionId, 0, this.#uploadId, part), headers, bytes);
  }

  async complete(whole: Uint8Array): Promise<number> {
    const partCount = Math.ceil(whole.length / PART_BYTES);
    const body = JSON.stringify({ partCount, sizeBytes: whole.length, sha256: sha256Of(whole) });
    const path = resultCompletePath(this.actionId, 0, this.#uploadId);
    return await this.#send("POST", path, { "content-type": "application/json" }, body);
  }

  /** What it sends from now on is another upload. */
  beginAgain(): void {
    this.#uploadId = randomBytes(16).toString("hex");
  }

  [Symbol.dispose](): void {
    this.#device[Symbol.dispose]();
  }

  async #send(
    method: string,
    path: string,
    headers: Readonly<Record<string, string>>,
    body: string | Uint8Array<ArrayBuffer>,
  ): Promise<number> {
    const authorization = `Ticket ${this.#device.ticket}`;
    const answer = await fetch(`${this.#baseUrl}${path}`, { method, headers: { ...headers, authorization }, body });
    await answer.arrayBuffer();
    return answer.status;
  }
}

export const sha256Of = (bytes: Uint8Array): string => createHash("sha256").update(bytes).digest("hex");
