import assert from "node:assert/strict";
import { createPublicKey, generateKeyPairSync, sign } from "node:crypto";
import { textAt } from "./json.ts";
import type { Here } from "./target.ts";

interface Facts {
  readonly computerDnsName: string;
  readonly osPlatform: string;
  readonly version: string | null;
  readonly osVersion: string | null;
  readonly osBuild: number | null;
  readonly osArchitecture: "64-bit" | "32-bit";
  readonly osProcessor: string | null;
  readonly agentVersion: string;
  readonly ipAddresses: readonly [];
}

const FACTS: Facts = {
  computerDnsName: "absent.example",
  osPlatform: "Linux",
  version: "12",
  osVersion: "Debian GNU/Linux 12",
  osBuild: null,
  osArchitecture: "64-bit",
  osProcessor: null,
  agentVersion: "0.1.0",
  ipAddresses: [],
};

/**
 * Enrolls a device that never comes, by Halligan's own interface and without a process; its machine
 * id. `facts`: what the device says of itself instead of a supported Linux.
 * `protocol/src/link/machine/enroll.ts`.
 */
export async function absentMachine({ api }: Here, facts: Partial<Facts> = {}): Promise<string> {
  const made = await api.post("/halligan/v1/enrollment-tokens", { uses: 1, expiresInSeconds: 600 });
  assert.equal(made.status, 201, made.text);
  const token = textAt(made.body, "token");
  const { privateKey } = generateKeyPairSync("ed25519");
  const publicKey = textAt(createPublicKey(privateKey).export({ format: "jwk" }), "x");
  const proof = sign(null, Buffer.from(`halligan-enroll-v1\n${publicKey}\n${token}`), privateKey).toString("base64url");
  const answer = await api.post(
    "/agent/v1/enroll",
    { token, publicKey, proof, facts: { ...FACTS, ...facts } },
    { token: null },
  );
  assert.equal(answer.status, 200, answer.text);
  return textAt(answer.body, "machineId");
}
