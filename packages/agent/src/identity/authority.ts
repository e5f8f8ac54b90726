/**
 * The certificate authorities that a person named at enrollment, by `--ca` or NODE_EXTRA_CA_CERTS.
 * They are kept in the data folder, because a service manager starts the agent later without that
 * variable.
 */
import { readFileSync } from "node:fs";
import path from "node:path";
import { pemCertificates, readAuthorityFile, systemCertificates, trustAlso } from "@halligan/protocol/network";
import type { Log } from "../core/ports.ts";
import { replaceFile } from "../disk/durable.ts";
import { isErrno } from "../disk/errno.ts";

const EXTRA_VARIABLE = "NODE_EXTRA_CA_CERTS";

const fileOf = (root: string) => path.join(root, "ca.pem");

/** The named certificates, or null. Throws a sentence for people when they cannot be used. */
export function namedAuthorities(option: string | undefined, env: NodeJS.ProcessEnv): string[] | null {
  if (option !== undefined) return readAuthorityFile(option, "--ca");
  const file = env[EXTRA_VARIABLE];
  return file ? readAuthorityFile(file, EXTRA_VARIABLE) : null;
}

export async function keepAuthorities(root: string, certificates: readonly string[]): Promise<void> {
  await replaceFile(fileOf(root), certificates.join(""));
}

/** The certificates of an earlier enrollment; empty when no authority was named. */
export function keptAuthorities(root: string): string[] {
  try {
    return pemCertificates(readFileSync(fileOf(root), "latin1"));
  } catch (error) {
    if (isErrno(error, "ENOENT")) return [];
    throw error;
  }
}

/** Trusts the system's store and also these certificates. */
export function trustSystemAnd(certificates: readonly string[], env: NodeJS.ProcessEnv, log: Pick<Log, "warn">): void {
  const system = systemCertificates(env);
  for (const problem of system.problems) log.warn("certificateStoreNotRead", { problem });
  trustAlso([...system.certificates, ...certificates]);
}
