import { createHash } from "node:crypto";
import { once } from "node:events";
import { createReadStream } from "node:fs";
import { request } from "node:http";
import { text } from "node:stream/consumers";
import { fileURLToPath } from "node:url";
import { Type } from "typebox";
import { Value } from "typebox/value";
import type { SampleFile } from "../files/sample-files.ts";
import { RequestProcess } from "../processes/request-process.ts";

const Listening = Type.Object({ port: Type.Integer() });
const READ_BYTES = 1024 * 1024;

/** MB a second of a file sent over loopback HTTP into another file, hashed at both ends. */
export async function measureFileBaseline(sample: SampleFile, target: string): Promise<number> {
  const main = fileURLToPath(new URL("./file-baseline.ts", import.meta.url));
  await using baseline = new RequestProcess("the baseline of files", process.execPath, [main]);
  const { port } = Value.Parse(Listening, await baseline.ask({ file: target }));
  const begunMs = performance.now();
  const outgoing = request({ host: "127.0.0.1", port, method: "PUT", headers: { "content-length": sample.sizeBytes } });
  const answered = once(outgoing, "response");
  const hash = createHash("sha256");
  for await (const chunk of createReadStream(sample.file, { highWaterMark: READ_BYTES })) {
    hash.update(chunk);
    if (!outgoing.write(chunk)) await once(outgoing, "drain");
  }
  outgoing.end();
  const [response] = await answered;
  const received = await text(response);
  const tookMs = performance.now() - begunMs;
  if (received !== sample.sha256 || hash.digest("hex") !== sample.sha256) throw new Error("the baseline lost bytes");
  return sample.sizeBytes / 1_000 / tookMs;
}
