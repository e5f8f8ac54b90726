import { randomInt } from "node:crypto";
import { once } from "node:events";
import { createServer } from "node:net";

/** Below the ports that Linux gives to outgoing connections and to `listen(0)`: 32768 to 60999. */
const FIRST = 15_000;
const LAST = 32_767;
const ATTEMPTS = 100;

/**
 * A port of the loopback address that nothing listens on. The caller listens on it later, so the
 * port must not be one that the system gives to another test's connection in the meantime: with
 * such ports a server failed to start while the fuzzer made 15,000 connections.
 */
export async function freePort(): Promise<number> {
  for (let attempt = 0; attempt < ATTEMPTS; attempt += 1) {
    const port = randomInt(FIRST, LAST + 1);
    if (await isFree(port)) return port;
  }
  throw new Error(`no free port between ${FIRST} and ${LAST} in ${ATTEMPTS} attempts`);
}

async function isFree(port: number): Promise<boolean> {
  const probe = createServer();
  try {
    probe.listen(port, "127.0.0.1");
    await once(probe, "listening");
  } catch {
    return false;
  }
  probe.close();
  await once(probe, "close");
  return true;
}
