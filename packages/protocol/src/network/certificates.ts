/**
 * Which certificate authorities are trusted: those of the runtime (also NODE_EXTRA_CA_CERTS), those
 * of the system's own store, and those that a person named. The runtimes read the system's store on
 * some systems only, so this file reads it on the others.
 */

import { X509Certificate } from "node:crypto";
import { readdirSync, readFileSync, statSync } from "node:fs";
import path from "node:path";
import tls from "node:tls";
import { errorCode } from "../errors/error-code.ts";

/** Bundles of certificates. The first one that exists is read. */
const SYSTEM_FILES = [
  // Debian, Ubuntu, Arch, Gentoo, newer Alpine
  "/etc/ssl/certs/ca-certificates.crt",
  // RHEL, Fedora, and SUSE with p11-kit
  "/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem",
  "/etc/pki/tls/certs/ca-bundle.crt",
  // SUSE
  "/etc/ssl/ca-bundle.pem",
  // Alpine, the BSDs
  "/etc/ssl/cert.pem",
] as const;
/** Folders of certificates, for a system without a bundle. */
const SYSTEM_FOLDERS = ["/etc/ssl/certs", "/etc/pki/tls/certs"] as const;
/** About ten times the size of the usual bundle. */
const MAX_STORE_BYTES = 8 * 1024 * 1024;
const MAX_FOLDER_FILES = 4_096;

export interface SystemStore {
  /** Certificates in PEM, each once. */
  certificates: string[];
  /** Named files that could not be read, described for people. */
  problems: string[];
}

/**
 * SSL_CERT_FILE replaces the bundles, and SSL_CERT_DIR (separated by `:`) replaces the folders, as
 * in OpenSSL.
 */
export function systemCertificates(env: Readonly<Record<string, string | undefined>>): SystemStore {
  if (process.platform === "win32" || process.platform === "darwin") {
    return { certificates: tls.getCACertificates("system"), problems: [] };
  }
  const { SSL_CERT_FILE: namedFile, SSL_CERT_DIR: namedFolders } = env;
  const found = new Set<string>();
  const problems: string[] = [];
  const add = (text: string) => {
    for (const certificate of pemCertificates(text)) found.add(certificate);
  };
  const read = (file: string, variable: string | null): boolean => {
    try {
      add(readBounded(file));
      return true;
    } catch (error) {
      if (variable !== null) problems.push(`${variable} names ${file}, which cannot be read: ${messageOf(error)}`);
      return false;
    }
  };
  if (namedFile) read(namedFile, "SSL_CERT_FILE");
  else SYSTEM_FILES.some((file) => read(file, null));
  const folders = namedFolders ? namedFolders.split(":").filter((folder) => folder !== "") : SYSTEM_FOLDERS;
  // A system with a bundle has the same certificates in its folder, one per file.
  if (namedFolders || found.size === 0) {
    for (const folder of folders) {
      for (const name of namesIn(folder)) {
        if (/\.(pem|crt|cer|\d)$/.test(name)) read(path.join(folder, name), null);
      }
    }
  }
  return { certificates: [...found], problems };
}

/** The certificates of a PEM text in a canonical form, without the text between them. */
export function pemCertificates(text: string): string[] {
  const blocks = text.match(/-----BEGIN CERTIFICATE-----[A-Za-z0-9+/=\s]+-----END CERTIFICATE-----/g) ?? [];
  return blocks.map((block) => `${block.replace(/\r/g, "").trim()}\n`);
}

/**
 * Reads certificates from a file that a person named. Throws a sentence for people when it contains
 * none.
 */
export function readAuthorityFile(file: string, source: string): string[] {
  let text: string;
  try {
    text = readBounded(file);
  } catch (error) {
    throw new Error(`The file ${file} of ${source} cannot be read: ${messageOf(error)}.`, { cause: error });
  }
  const certificates = pemCertificates(text);
  const broken = certificates.findIndex((certificate) => !isCertificate(certificate));
  if (certificates.length === 0) {
    throw new Error(`The file ${file} of ${source} has no certificate in PEM form (-----BEGIN CERTIFICATE-----).`);
  }
  if (broken >= 0) throw new Error(`Certificate ${broken + 1} in the file ${file} of ${source} is damaged.`);
  return certificates;
}

let ofRuntime: readonly string[] | null = null;
let trusted: string | null = null;

/**
 * From now on, connections of this process trust these certificates in addition to those of the
 * runtime.
 */
export function trustAlso(certificates: readonly string[]): void {
  const text = certificates.join("");
  if (text === trusted) return;
  // Read once, because later it also contains what was set here.
  ofRuntime ??= tls.getCACertificates("default");
  const all = [...new Set([...ofRuntime.map(normal), ...certificates])];
  try {
    tls.setDefaultCACertificates(all);
  } catch {
    // A certificate that cannot be parsed invalidates the whole list, and some systems have one.
    tls.setDefaultCACertificates(all.filter(isCertificate));
  }
  trusted = text;
}

const normal = (certificate: string): string => pemCertificates(certificate)[0] ?? certificate;

function isCertificate(pem: string): boolean {
  try {
    new X509Certificate(pem);
    return true;
  } catch {
    return false;
  }
}

function readBounded(file: string): string {
  const found = statSync(file);
  if (!found.isFile()) throw new Error("it is not a file");
  if (found.size > MAX_STORE_BYTES) throw new Error(`it is larger than ${MAX_STORE_BYTES} bytes`);
  return readFileSync(file, "latin1");
}

function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder).sort().slice(0, MAX_FOLDER_FILES);
  } catch {
    return [];
  }
}

const REASONS: Readonly<Record<string, string>> = { ENOENT: "it does not exist", EACCES: "access is denied" };

function messageOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const code = errorCode(error) ?? "";
  return REASONS[code] ?? (code || error.message);
}
