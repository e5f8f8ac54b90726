/**
 * The baseline of `files`: a receiver of bytes over loopback HTTP that hashes them, writes them
 * into a file and syncs it, and nothing else. Requests: `{"file":FILE}`; the sender hashes as it
 * reads.
 */
import { createHash } from "node:crypto";
import { once } from "node:events";
import { open } from "node:fs/promises";
import { createServer } from "node:http";
import { createInterface } from "node:readline";
import { Type } from "typebox";
import { Value } from "typebox/value";

const Request = Type.Object({ file: Type.String() });

for await (const line of createInterface({ input: process.stdin })) {
  const { file } = Value.Parse(Request, JSON.parse(line));
  const server = createServer(async (request, response) => {
    const hash = createHash("sha256");
    await using handle = await open(file, "w", 0o600);
    for await (const chunk of request) {
      hash.update(chunk);
      await handle.write(chunk);
    }
    await handle.sync();
    response.end(hash.digest("hex"));
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("the system gave no port");
  process.stdout.write(`${JSON.stringify({ port: address.port })}\n`);
  process.stdin.once("end", () => server.close());
}
