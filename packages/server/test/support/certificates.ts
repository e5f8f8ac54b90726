import { execFileSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

export interface CertificateFiles {
  certFile: string;
  keyFile: string;
}

/** Creates certificates with `openssl` in one folder. */
export class CertificateMaker {
  readonly #folder: string;
  #count = 0;

  constructor(folder: string) {
    this.#folder = folder;
  }

  /**
   * A self-signed certificate for 127.0.0.1. `from` and `until` in the form of openssl,
   * `YYYYMMDDHHMMSSZ`.
   */
  selfSigned({ from, until }: { from?: Date; until?: Date } = {}): CertificateFiles {
    const files = this.#names();
    const now = Date.now();
    this.#openssl(
      ["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-subj", "/CN=halligan test"],
      ["-addext", "subjectAltName=IP:127.0.0.1", "-keyout", files.keyFile, "-out", `${files.certFile}.days`],
    );
    // Older versions of `req -x509` accept only whole days; `ca` accepts times.
    this.#openssl([
      "req",
      "-new",
      "-key",
      files.keyFile,
      "-subj",
      "/CN=halligan test",
      "-out",
      `${files.certFile}.csr`,
    ]);
    const ca = `${files.certFile}.ca`;
    writeFileSync(`${ca}.index`, "");
    writeFileSync(
      `${ca}.cnf`,
      [
        "[ca]\ndefault_ca=own\n[own]",
        `database=${ca}.index\nnew_certs_dir=${this.#folder}\nrand_serial=yes\ndefault_md=sha256\npolicy=any\nx509_extensions=san`,
        "[any]\ncommonName=supplied\n[san]\nsubjectAltName=IP:127.0.0.1\nbasicConstraints=critical,CA:TRUE",
      ].join("\n"),
    );
    this.#openssl(
      ["ca", "-batch", "-selfsign", "-config", `${ca}.cnf`, "-keyfile", files.keyFile, "-in", `${files.certFile}.csr`],
      [
        "-startdate",
        stamp(from ?? new Date(now - 86_400_000)),
        "-enddate",
        stamp(until ?? new Date(now + 90 * 86_400_000)),
      ],
      ["-notext", "-out", files.certFile],
    );
    return files;
  }

  /** A root, an intermediate authority and a server certificate; the chain as texts. */
  issued(): CertificateFiles & { leaf: string; intermediate: string; root: string } {
    const root = this.#names();
    this.#openssl(
      ["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "30"],
      ["-subj", "/CN=test root", "-keyout", root.keyFile, "-out", root.certFile],
    );
    const middle = this.#sign(root, "test intermediate", "basicConstraints=critical,CA:TRUE");
    const leaf = this.#sign(middle, "test server", "subjectAltName=IP:127.0.0.1");
    const text = (file: string) => readFileSync(file, "utf8");
    return {
      ...leaf,
      leaf: text(leaf.certFile),
      intermediate: text(middle.certFile),
      root: text(root.certFile),
    };
  }

  /** The same key under a passphrase. */
  encrypted(keyFile: string): string {
    const file = `${keyFile}.encrypted`;
    this.#openssl(["pkey", "-in", keyFile, "-aes256", "-passout", "pass:test", "-out", file]);
    return file;
  }

  #sign(issuer: CertificateFiles, name: string, extension: string): CertificateFiles {
    const files = this.#names();
    this.#openssl(
      ["req", "-new", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-subj", `/CN=${name}`],
      ["-keyout", files.keyFile, "-out", `${files.certFile}.csr`],
    );
    writeFileSync(`${files.certFile}.ext`, extension);
    this.#openssl(
      ["x509", "-req", "-in", `${files.certFile}.csr`, "-CA", issuer.certFile, "-CAkey", issuer.keyFile],
      ["-CAcreateserial", "-days", "30", "-extfile", `${files.certFile}.ext`, "-out", files.certFile],
    );
    return files;
  }

  #names(): CertificateFiles {
    this.#count += 1;
    return {
      certFile: join(this.#folder, `made-${this.#count}.crt`),
      keyFile: join(this.#folder, `made-${this.#count}.key`),
    };
  }

  #openssl(...args: readonly (readonly string[])[]): void {
    execFileSync("openssl", args.flat(), { stdio: "pipe" });
  }
}

const stamp = (date: Date): string => `${date.toISOString().replace(/[-:T]/g, "").slice(0, 14)}Z`;
