import { generateKeyPairSync, randomBytes } from "node:crypto";
import { EnrollResponse, type MachineFacts } from "@halligan/protocol/link";
import { Value } from "typebox/value";
import { assertSucceeded, type Command } from "../support/api.ts";
import { getFile, putFile, runScript } from "../support/commands.ts";
import { at, numberAt, textAt } from "../support/json.ts";
import type { Here } from "../support/target.ts";
import { DeviceKey, type Enrolled, TestDevice } from "./device.ts";
import type { RealValues } from "./example-request.ts";

const FACTS: MachineFacts = {
  computerDnsName: "openapi-test",
  osPlatform: "Linux",
  version: "12",
  osVersion: "6.12.9",
  osBuild: null,
  osArchitecture: "64-bit",
  osProcessor: "x64",
  agentVersion: "0.1.0",
  ipAddresses: [],
};

/** The objects that the examples need, made through the API as any client would make them. */
export class Stage {
  readonly here: Here;
  /** Content of the library file of the examples. */
  readonly #script: string;

  constructor(here: Here, document: unknown) {
    this.here = here;
    const body = at(document, "paths", "/halligan/v1/library/{fileName}", "put", "requestBody");
    this.#script = textAt(body, "content", "application/octet-stream", "example");
  }

  /** A name that the library does not have, nor has had. */
  newFileName(): string {
    return this.here.library.name(`${randomBytes(4).toString("hex")}.sh`);
  }

  file(): Promise<string> {
    return this.here.library.add(`${randomBytes(4).toString("hex")}.sh`, this.#script);
  }

  /** An action that has run the commands of the example. */
  async finishedAction(): Promise<string> {
    const { api, machineId } = this.here;
    const action = await api.runToEnd(machineId, [runScript(await this.file()), getFile("/etc/hosts")]);
    assertSucceeded(action);
    return textAt(action, "id");
  }

  /** An action that goes on until it is cancelled: its device has never come. */
  async pendingAction(): Promise<string> {
    const { machineId } = await this.enrolled();
    return this.here.api.start(machineId, [getFile("/etc/hosts")]);
  }

  async enrollmentToken(): Promise<string> {
    return textAt((await this.#made("/halligan/v1/enrollment-tokens", {})).body, "token");
  }

  async enrollmentTokenId(): Promise<string> {
    return textAt((await this.#made("/halligan/v1/enrollment-tokens", {})).body, "id");
  }

  async retiredMachine(): Promise<string> {
    const { machineId } = await this.enrolled();
    const answer = await this.here.api.post(`/halligan/v1/machines/${machineId}/retire`, { reason: "sold" });
    if (answer.status !== 200) throw new Error(`the machine was not retired: ${answer.text}`);
    return machineId;
  }

  async application(): Promise<string> {
    const answer = await this.#made("/halligan/v1/applications", { name: "to remove", roles: ["Machine.Read.All"] });
    return textAt(answer.body, "clientId");
  }

  /** An application, and the id of its secret. */
  async secret(): Promise<RealValues> {
    const clientId = await this.application();
    const { body } = await this.#made(`/halligan/v1/applications/${clientId}/secrets`, {});
    return { clientId, secretId: textAt(body, "id") };
  }

  /** SHA-256 of content that is approved. */
  async approval(): Promise<string> {
    const sha256 = randomBytes(32).toString("hex");
    const answer = await this.here.api.send("PUT", `/halligan/v1/library-approvals/${sha256}`);
    if (answer.status !== 200) throw new Error(`the content was not approved: ${answer.text}`);
    return sha256;
  }

  async blockedCaller(): Promise<string> {
    const callerId = `https://login.example/realms/soc#user-${randomBytes(4).toString("hex")}`;
    const answer = await this.here.api.post("/halligan/v1/blocked-callers", { callerId, reason: "left" });
    if (answer.status !== 200) throw new Error(`the caller was not blocked: ${answer.text}`);
    return callerId;
  }

  async applicationWithKey(): Promise<string> {
    const keys = [generateKeyPairSync("ed25519").publicKey.export({ format: "jwk" })];
    const body = { name: "with a key", roles: ["Machine.Read.All"], keys };
    return textAt((await this.#made("/halligan/v1/applications", body)).body, "clientId");
  }

  async deviceGroup(): Promise<number> {
    const name = `Group ${randomBytes(4).toString("hex")}`;
    return numberAt((await this.#made("/halligan/v1/device-groups", { name, remediationLevel: "full" })).body, "id");
  }

  async enrolled(): Promise<Enrolled> {
    const [key, token] = [new DeviceKey(), await this.enrollmentToken()];
    const request = { token, publicKey: key.publicKey, proof: key.proof(token), facts: FACTS };
    const { body } = await this.here.api.post("/agent/v1/enroll", request, { token: null });
    const { machineId, orderKeys } = Value.Parse(EnrollResponse, body);
    const [serverKey] = orderKeys;
    if (!serverKey) throw new Error("the server names no order key");
    return { key, machineId, serverKey };
  }

  /** A device that holds an order, and what the examples of the agents' operations need of it. */
  async deviceWithOrder(): Promise<{ device: TestDevice; order: RealValues }> {
    const device = await TestDevice.link(this.here.target.baseUrl, await this.enrolled());
    await device.hello(FACTS);
    const commands: Command[] = [putFile(await this.file()), getFile("/etc/hosts")];
    const actionId = await this.here.api.start(device.machineId, commands);
    await device.order();
    return { device, order: { actionId, uploadId: randomBytes(16).toString("hex") } };
  }

  /** The link to a result, taken apart. */
  async downloadUrl(actionId: string): Promise<RealValues> {
    const { body } = await this.here.api.downloadUrl(actionId, 0);
    const { searchParams } = new URL(textAt(body, "value"));
    return {
      linkExpiry: searchParams.get("se") ?? "",
      linkSignature: searchParams.get("sig") ?? "",
      linkGenerations: searchParams.get("gen") ?? "",
    };
  }

  async seenFrom(): Promise<RealValues> {
    const { api, machineId } = this.here;
    const { body } = await api.get(`/api/machines/${machineId}`);
    return { ipAddress: textAt(body, "lastExternalIpAddress"), timestamp: new Date().toISOString() };
  }

  async #made(path: string, json: unknown) {
    const answer = await this.here.api.post(path, json);
    if (answer.status !== 201) throw new Error(`${path}: ${answer.text}`);
    return answer;
  }
}
