/**
 * Debian's squid as the proxy of a test: Basic credentials, CONNECT to one port only, and names
 * that only it knows.
 */
import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, readFileSync } from "node:fs";
import { chmod, chown, mkdtemp, rm, writeFile } from "node:fs/promises";
import net from "node:net";
import os from "node:os";
import path from "node:path";
import { freePort } from "../../../dev/src/free-port.ts";
import { until } from "../../../protocol/test/support/until.ts";
import type { TestAuthority } from "./test-authority.ts";

const SQUID = ["/usr/sbin/squid", "/usr/local/sbin/squid"].find((file) => existsSync(file)) ?? "";
const CHECK_PASSWORD = "/usr/lib/squid/basic_ncsa_auth";

/** The reason why there is none, or false. */
export const noSquid: string | false =
  SQUID === "" || !existsSync(CHECK_PASSWORD) ? "needs squid (.ci/install-test-programs)" : false;

export interface Squid extends AsyncDisposable {
  /** Plain HTTP to the proxy. */
  port: number;
  /** TLS to the proxy, with the certificate of the test's authority. */
  tlsPort: number;
  /** Lines like `CONNECT halligan.test:443 200`. */
  requests(): string[];
  /** What it says of itself. */
  log(): string;
}

export async function startSquid(options: {
  user: string;
  password: string;
  /** The one port to which it connects. */
  targetPort: number;
  /** A name that leads to 127.0.0.1, for the proxy alone. */
  hostname: string;
  authority: TestAuthority;
}): Promise<Squid> {
  const folder = await mkdtemp(path.join(os.tmpdir(), "halligan-squid-"));
  const file = (name: string) => path.join(folder, name);
  const [port, tlsPort] = [await freePort(), await freePort()];
  const { user, password, targetPort, hostname, authority } = options;
  const hash = execFileSync("openssl", ["passwd", "-apr1", "-stdin"], { input: password }).toString().trim();
  await writeFile(file("passwords"), `${user}:${hash}\n`);
  await writeFile(file("hosts"), `127.0.0.1 ${hostname}\n`);
  await writeFile(file("server.pem"), authority.cert + authority.key);
  const accessLog = file("access.log");
  await writeFile(
    file("squid.conf"),
    [
      `http_port 127.0.0.1:${port}`,
      `https_port 127.0.0.1:${tlsPort} tls-cert=${file("server.pem")} tls-key=${file("server.pem")}`,
      `auth_param basic program ${CHECK_PASSWORD} ${file("passwords")}`,
      "auth_param basic children 2 startup=1 idle=1 queue-size=100",
      `hosts_file ${file("hosts")}`,
      "acl known proxy_auth REQUIRED",
      `acl target port ${targetPort}`,
      "http_access deny !target",
      "http_access allow known",
      "http_access deny all",
      "logformat short %rm %ru %>Hs",
      `access_log stdio:${accessLog} short`,
      `cache_log ${file("cache.log")}`,
      "cache deny all",
      "pid_filename none",
      "shutdown_lifetime 0 seconds",
      `coredump_dir ${folder}`,
      "",
    ].join("\n"),
  );
  await openToSquid(folder);
  const child = spawn(SQUID, ["-N", "-f", file("squid.conf")], { cwd: folder, stdio: "ignore" });
  const closed = once(child, "close");
  const log = () => (existsSync(file("cache.log")) ? readFileSync(file("cache.log"), "utf8") : "");
  await until(() => {
    if (child.exitCode !== null) throw new Error(`squid does not start: ${log()}`);
    return isListening(port);
  }, "the start of squid");
  return {
    port,
    tlsPort,
    requests: () => (existsSync(accessLog) ? readFileSync(accessLog, "utf8").trim().split("\n") : []),
    log,
    async [Symbol.asyncDispose]() {
      child.kill("SIGKILL");
      await closed;
      await rm(folder, { recursive: true, force: true });
    },
  };
}

/** Started by root it works as another user, which has to write its logs there. */
async function openToSquid(folder: string): Promise<void> {
  if (process.geteuid?.() !== 0) return;
  const [uid, gid] = ["-u", "-g"].map((which) => Number(execFileSync("id", [which, "proxy"])));
  await chmod(folder, 0o755);
  await chown(folder, uid ?? 0, gid ?? 0);
}

function isListening(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = net.connect(port, "127.0.0.1");
    socket.once("connect", () => {
      socket.destroy();
      resolve(true);
    });
    socket.once("error", () => setTimeout(() => resolve(false), 50));
  });
}
