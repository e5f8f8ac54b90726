/**
 * Enrollment: the server learns the device's key, and the device learns the server's order keys.
 */
import { sign } from "node:crypto";
import {
  ENROLL_PATH,
  type EnrollRequest,
  EnrollResponse,
  enrollSigningBytes,
  LINK_VERSION,
  type MachineFacts,
} from "@halligan/protocol/link";
import type { Network } from "@halligan/protocol/network";
import { networkFailure } from "@halligan/protocol/text";
import { systemClock } from "@halligan/protocol/time";
import { Compile } from "typebox/compile";
import { hasCorrectId } from "../core/order-keys-check.ts";
import { ensurePrivateFolder } from "../disk/private-folder.ts";
import { LIMITS } from "../limits.ts";
import { LogWriter } from "../owners-log/log-writer.ts";
import { DEFAULT_SETTINGS } from "../settings.ts";
import { exchange, type HttpResponse } from "../transfer/http-exchange.ts";
import { readBoundedText, readErrorMessage } from "../transfer/response-body.ts";
import { type AgentConfig, readAgentConfig, writeAgentConfig } from "./agent-config.ts";
import { keepAuthorities } from "./authority.ts";
import { publicKeyText, readOrMakeDeviceKey } from "./device-key.ts";

const enrollResponse = Compile(EnrollResponse);

/** Throws a sentence for people. An interrupted enrollment continues with the same key. */
export async function enroll(wish: {
  root: string;
  serverUrl: string;
  token: string;
  name: string | null;
  facts: MachineFacts;
  network: Network;
  enrollTimeoutMs: number;
  /**
   * Certificates in PEM that are trusted in addition to the system's, also at later starts. Null
   * keeps the stored ones.
   */
  authorities: readonly string[] | null;
}): Promise<AgentConfig> {
  ensurePrivateFolder(wish.root);
  const existing = await readAgentConfig(wish.root);
  if (existing) throw new Error(alreadyEnrolled(wish.root, existing));
  const privateKey = await readOrMakeDeviceKey(wish.root);
  const publicKey = publicKeyText(privateKey);
  const proof = sign(null, enrollSigningBytes(wish.token, publicKey), privateKey).toString("base64url");
  const enrolled = await ask(wish, {
    token: wish.token,
    publicKey,
    proof,
    facts: wish.facts,
    linkVersion: LINK_VERSION,
  });
  const { orderKeys, recoveryKey = null } = enrolled;
  if (![...orderKeys, ...(recoveryKey ? [recoveryKey] : [])].every(hasCorrectId)) {
    throw new Error("The server's answer names an order key by a wrong id.");
  }
  const config: AgentConfig = { version: 1, serverUrl: wish.serverUrl, name: wish.name, ...enrolled };
  // Written before the configuration, because a folder with a configuration is enrolled.
  if (wish.authorities) await keepAuthorities(wish.root, wish.authorities);
  await writeAgentConfig(wish.root, config);
  const log = { info: () => undefined, warn: () => undefined, error: () => undefined };
  using ownersLog = new LogWriter({ root: wish.root, clock: systemClock, log, settings: DEFAULT_SETTINGS });
  const { machineId, serverUrl: server, name } = config;
  ownersLog.write({ event: "enrolled", server, machineId, name });
  return config;
}

export function alreadyEnrolled(root: string, config: AgentConfig): string {
  return (
    `${root} is enrolled already: machine ${config.machineId} at ${config.serverUrl}. ` +
    "To enroll this device again, as a new machine, stop its agent and remove that folder."
  );
}

async function ask(
  { serverUrl, network, enrollTimeoutMs }: { serverUrl: string; network: Network; enrollTimeoutMs: number },
  request: EnrollRequest,
): Promise<EnrollResponse> {
  let response: HttpResponse;
  try {
    response = await exchange(
      {
        method: "POST",
        url: `${serverUrl}${ENROLL_PATH}`,
        headers: { "content-type": "application/json" },
        body: Buffer.from(JSON.stringify(request)),
      },
      network,
      AbortSignal.timeout(enrollTimeoutMs),
    );
  } catch (error) {
    throw new Error(networkFailure(serverUrl, error), { cause: error });
  }
  if (response.status !== 200) {
    const message = await readErrorMessage(response);
    throw new Error(`The server refused the enrollment (HTTP ${response.status}): ${message}`);
  }
  const text = await readBoundedText(response, LIMITS.maxEnrollAnswerBytes);
  let value: unknown;
  try {
    value = JSON.parse(text ?? "");
  } catch {
    value = undefined;
  }
  if (!enrollResponse.Check(value)) throw new Error(`${serverUrl} did not answer as a Halligan server does.`);
  return value;
}
