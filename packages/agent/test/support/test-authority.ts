/** A certificate authority for a test, and a certificate of it, made by openssl. */
import { execFileSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import path from "node:path";

export interface TestAuthority {
  caFile: string;
  ca: string;
  cert: string;
  key: string;
  certFile: string;
  keyFile: string;
}

const NEW_KEY = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"];

/** @param names of the certificate, such as `DNS:halligan.test` and `IP:127.0.0.1` */
export function testAuthority(folder: string, names: readonly string[]): TestAuthority {
  const file = (name: string) => path.join(folder, name);
  const openssl = (...args: string[]) => execFileSync("openssl", args, { stdio: ["ignore", "pipe", "pipe"] });
  const [caFile, caKey, certFile, keyFile] = [file("ca.crt"), file("ca.key"), file("server.crt"), file("server.key")];
  openssl("req", "-x509", ...NEW_KEY, "-keyout", caKey, "-out", caFile, "-days", "2", "-subj", "/CN=test authority");
  openssl("req", ...NEW_KEY, "-keyout", keyFile, "-out", file("server.csr"), "-subj", "/CN=test server");
  writeFileSync(file("extensions"), `subjectAltName=${names.join(",")}\n`);
  const signing = ["-CA", caFile, "-CAkey", caKey, "-CAcreateserial", "-extfile", file("extensions")];
  openssl("x509", "-req", "-in", file("server.csr"), "-out", certFile, "-days", "2", ...signing);
  const read = (name: string) => readFileSync(name, "utf8");
  return { caFile, ca: read(caFile), cert: read(certFile), key: read(keyFile), certFile, keyFile };
}
