import { readFile } from "node:fs/promises";
import type { Result } from "@halligan/protocol/errors";
import type { Logger } from "pino";
import { ConfigError } from "../../config/config.ts";
import { expiryLevel } from "../../domain/certificate-expiry.ts";
import { openKeyFault } from "../open-modes.ts";
import { checkTlsPair, type TlsPair } from "./tls-pair.ts";

export interface TlsFiles {
  readonly certFile: string;
  readonly keyFile: string;
}

const DAY_MS = 24 * 3_600_000;

/**
 * The certificate of the TLS server. Its files are read again at intervals and at SIGHUP. Their
 * content is compared, because a renewal may replace a file, a link or a whole folder, and
 * notifications of the file system miss some of these. Open connections keep their certificate. If
 * a new pair cannot be used, the previous one stays in use.
 */
export class ServedCertificate {
  readonly #files: TlsFiles;
  readonly #log: Logger;
  readonly #nowMs: () => number;
  readonly #listeners: ((pair: TlsPair) => void)[] = [];
  #pair: TlsPair;
  /** Why the present files are not used; null while they are. */
  #failure: string | null = null;
  #loggedLevel = 0;
  #loggedAtMs = 0;

  private constructor(files: TlsFiles, pair: TlsPair, log: Logger, nowMs: () => number) {
    this.#files = files;
    this.#pair = pair;
    this.#log = log;
    this.#nowMs = nowMs;
  }

  /**
   * Throws ConfigError for files that cannot be used. An expired certificate is served with a
   * warning.
   */
  static async open(files: TlsFiles, log: Logger, nowMs: () => number): Promise<ServedCertificate> {
    const read = await readPair(files);
    if (!read.ok) throw new ConfigError(read.error);
    const served = new ServedCertificate(files, read.value, log, nowMs);
    for (const warning of read.value.warnings) log.warn(warning);
    served.#logExpiry();
    return served;
  }

  get current(): TlsPair {
    return this.#pair;
  }

  /** Called with each pair that replaces the previous one. */
  onChange(apply: (pair: TlsPair) => void): void {
    this.#listeners.push(apply);
  }

  /**
   * Reads the files again. `isAsked`: also logs that nothing has changed, for the operator who sent
   * a signal.
   */
  async reload(isAsked: boolean): Promise<void> {
    const read = await readPair(this.#files);
    if (!read.ok) {
      if (isAsked || read.error !== this.#failure) {
        this.#log.warn({ reason: read.error }, "certificate not reloaded; the former one is still served");
      }
      this.#failure = read.error;
    } else {
      this.#failure = null;
      const { cert, key, subject, validUntilMs, warnings } = read.value;
      if (cert !== this.#pair.cert || key !== this.#pair.key) {
        this.#pair = read.value;
        this.#loggedLevel = 0;
        for (const apply of this.#listeners) apply(read.value);
        this.#log.info({ subject, validUntil: new Date(validUntilMs).toISOString() }, "certificate reloaded");
        for (const warning of warnings) this.#log.warn(warning);
      } else if (isAsked) this.#log.info("certificate unchanged");
    }
    this.#logExpiry();
  }

  /** Negative after the expiry. */
  get secondsUntilExpiry(): number {
    return (this.#pair.validUntilMs - this.#nowMs()) / 1_000;
  }

  get reloadFailed(): boolean {
    return this.#failure !== null;
  }

  /**
   * Warnings for the operator; empty when there are none. Names no file, because the text is
   * public.
   */
  warnings(): string[] {
    const found: string[] = [];
    const nowMs = this.#nowMs();
    const level = expiryLevel(this.#pair, nowMs);
    if (nowMs < this.#pair.validFromMs)
      found.push("the certificate is not valid yet, or this machine's clock is wrong");
    else if (level > 0) found.push(expiryText(this.#pair, nowMs));
    if (this.#failure !== null) {
      found.push("the certificate files on disk cannot be used; the former certificate is served, see the log");
    }
    return found;
  }

  /** Logs once for each level, and once a day after the expiry. */
  #logExpiry(): void {
    const nowMs = this.#nowMs();
    if (nowMs < this.#pair.validFromMs) {
      if (this.#loggedLevel === 0) {
        this.#loggedLevel = 1;
        this.#log.error("the certificate is not valid yet: check this machine's clock, or the certificate's dates");
      }
      return;
    }
    const level = expiryLevel(this.#pair, nowMs);
    const isRepeated = level === 5 && nowMs - this.#loggedAtMs >= DAY_MS;
    if (level <= this.#loggedLevel && !isRepeated) return;
    this.#loggedLevel = level;
    this.#loggedAtMs = nowMs;
    const { subject, validUntilMs } = this.#pair;
    const facts = { subject, validUntil: new Date(validUntilMs).toISOString() };
    const text = `${expiryText(this.#pair, nowMs)}: renew it and replace the files; the server reads them again by itself`;
    if (level === 5) this.#log.error(facts, text);
    else this.#log.warn(facts, text);
  }
}

function expiryText({ validUntilMs }: TlsPair, nowMs: number): string {
  const at = new Date(validUntilMs).toISOString();
  if (validUntilMs <= nowMs) return `the certificate expired at ${at}`;
  const days = Math.floor((validUntilMs - nowMs) / DAY_MS);
  return `the certificate expires at ${at}, in ${days === 0 ? "less than a day" : `${days} day${days === 1 ? "" : "s"}`}`;
}

async function readPair(files: TlsFiles): Promise<Result<TlsPair, string>> {
  const texts: string[] = [];
  for (const file of [files.certFile, files.keyFile]) {
    try {
      texts.push(await readFile(file, "utf8"));
    } catch (cause) {
      const reason = cause instanceof Error ? cause.message : String(cause);
      return { ok: false, error: `the certificate or key could not be read: ${reason}` };
    }
  }
  const [cert = "", key = ""] = texts;
  const pair = checkTlsPair({ cert, key }, files);
  // Checked after the content: if a certificate was named as the key, it is readable by all, and
  // the mode is not the mistake.
  const openFault = pair.ok ? await openKeyFault(files.keyFile) : null;
  return openFault === null ? pair : { ok: false, error: openFault };
}
