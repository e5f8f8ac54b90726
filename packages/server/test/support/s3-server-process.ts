/**
 * The S3 server of the tests, a process of its own: `s3-server-process.ts <folder>` prints its
 * address. s3rver is not maintained; what it does otherwise than S3 where that matters here is put
 * right:
 * - it answers before the bytes are in the file, and shows half an object when a body breaks off;
 * - it takes `bytes=0-0` for the whole object;
 * - deleting several objects of one folder at once fails;
 * - unfinished multipart uploads can neither be listed nor given up. It is full, as some servers
 *   can be, while there is a file `full` in the folder. It does not check V4 signatures; key ids
 *   and the expiry of links it does.
 */
import { createHash, randomUUID } from "node:crypto";
import { createReadStream, createWriteStream, existsSync } from "node:fs";
import { mkdir, readdir, readFile, rename, rm, stat } from "node:fs/promises";
import { dirname, join } from "node:path";
import type { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import S3rver from "s3rver";

const root = process.argv[2];
if (root === undefined) throw new Error("the folder is missing");
const [directory, incoming] = [join(root, "buckets"), join(root, "incoming")];
await mkdir(incoming, { recursive: true });
const server = new S3rver({
  address: "127.0.0.1",
  port: 0,
  silent: true,
  directory,
  vhostBuckets: false,
  configureBuckets: [{ name: "halligan" }],
});
const { store } = server;

async function writeWhole(path: string, content: Readable): Promise<{ size: number; md5: string }> {
  const temporary = join(incoming, randomUUID());
  const md5 = createHash("md5");
  let size = 0;
  async function* measured(chunks: AsyncIterable<Buffer>) {
    for await (const chunk of chunks) {
      md5.update(chunk);
      size += chunk.length;
      yield chunk;
    }
  }
  await pipeline(content, measured, createWriteStream(temporary));
  for (let tried = 0; ; tried += 1) {
    await mkdir(dirname(path), { recursive: true });
    try {
      await rename(temporary, path);
      return { size, md5: md5.digest("hex") };
    } catch (error) {
      // Deleting a folder's last object has just removed the folder.
      if (tried === 10) throw error;
    }
  }
}

store.putObject = async ({ bucket, key, content, metadata }) => {
  const written = await writeWhole(store.getResourcePath(bucket, key, "object"), content);
  await store.putMetadata(bucket, key, metadata, written.md5);
  return written;
};

store.putPart = async (bucket, upload, part, content) =>
  await writeWhole(join(store.getResourcePath(bucket, undefined, "uploads"), upload, part), content);

const getObject = store.getObject.bind(store);
store.getObject = async (bucket, key, options) => {
  const object = await getObject(bucket, key, options);
  if (object !== null && options.end === 0) {
    object.content.destroy();
    object.content = createReadStream(store.getResourcePath(bucket, key, "object"), { start: 0, end: 0 });
    object.range.end = 0;
  }
  return object;
};

const deleteObject = store.deleteObject.bind(store);
let deleting: Promise<void> = Promise.resolve();
store.deleteObject = (bucket, key) => {
  const deleted = deleting.then(() => deleteObject(bucket, key));
  deleting = deleted.catch(() => undefined);
  return deleted;
};

async function listUploads(folder: string, prefix: string): Promise<string> {
  const uploads: string[] = [];
  for (const id of await readdir(folder).catch(() => [])) {
    const key = await readFile(join(folder, id, "key"), "utf8");
    const { birthtime } = await stat(join(folder, id));
    if (!key.startsWith(prefix)) continue;
    const initiated = birthtime.toISOString();
    uploads.push(`<Upload><Key>${key}</Key><UploadId>${id}</UploadId><Initiated>${initiated}</Initiated></Upload>`);
  }
  return `<ListMultipartUploadsResult><IsTruncated>false</IsTruncated>${uploads.join("")}</ListMultipartUploadsResult>`;
}

server.middleware.unshift(async (context, next) => {
  const { method, query, path } = context;
  if (method === "PUT" && existsSync(join(root, "full"))) {
    for await (const _ of context.req);
    context.status = 507;
    context.body = "<Error><Code>QuotaExceeded</Code><Message>The bucket is full</Message></Error>";
    return;
  }
  const uploads = store.getResourcePath(path.split("/")[1] ?? "", undefined, "uploads");
  if (method === "GET" && "uploads" in query) {
    context.type = "application/xml";
    context.body = await listUploads(uploads, query.prefix ?? "");
  } else if (method === "DELETE" && query.uploadId !== undefined) {
    await rm(join(uploads, query.uploadId), { recursive: true, force: true });
    context.status = 204;
  } else await next();
});

const { port } = await server.run();
process.stdout.write(`listens on http://127.0.0.1:${port}\n`);
// The parent process holds this pipe. This process ends when the pipe closes, however the parent
// ends.
process.stdin.on("end", () => process.exit()).resume();
