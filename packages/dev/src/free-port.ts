import { once } from "node:events";
import { createServer } from "node:net";

/** A port that was free a moment ago. Whoever listens on it must be ready to be told that it no longer is. */
export async function freePort(): Promise<number> {
  const probe = createServer();
  probe.listen(0, "127.0.0.1");
  await once(probe, "listening");
  const address = probe.address();
  probe.close();
  await once(probe, "close");
  if (address === null || typeof address === "string") throw new Error("the system gave no port");
  return address.port;
}
