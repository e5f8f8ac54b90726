import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { startS3Server } from "../../../../server/test/support/object-servers.ts";
import { World } from "../../../src/world.ts";
import { halligan } from "../cli/halligan.ts";

test("on object storage the download of a get begins when the file is complete", async () => {
  await using s3 = await startS3Server();
  await using world = await World.start({
    settings: {
      HALLIGAN_BLOBS: `s3://halligan/get?endpoint=${s3.endpoint}&pathStyle=true`,
      HALLIGAN_S3_ACCESS_KEY_ID: s3.credentials.s3AccessKeyId ?? "",
      HALLIGAN_S3_SECRET_ACCESS_KEY: s3.credentials.s3SecretAccessKey ?? "",
    },
  });
  const [machine] = world.machines;
  assert.ok(machine);
  const content = randomBytes(9_000_000);
  await writeFile(join(machine.dataDir, "work", "large.bin"), content);
  const ended = await halligan(world, "get", machine.id, "large.bin", "-o", "saved.bin");
  assert.equal(ended.exitCode, 0, ended.stderr);
  assert.ok((await readFile(join(world.folder, "saved.bin"))).equals(content));
  const records = await world.client.listAudit({ operation: "GetLiveResponseResultDownloadLink" });
  assert.deepEqual(
    records.map(({ detail }) => detail),
    [{ index: 0, isDownload: true }],
  );
});
