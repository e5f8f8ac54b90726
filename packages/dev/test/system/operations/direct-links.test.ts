import assert from "node:assert/strict";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { gunzipSync } from "node:zlib";
import { startS3Server } from "../../../../server/test/support/object-servers.ts";
import { World } from "../../../src/world.ts";
import { addScript, getFile, runScript, runToEnd } from "../../e2e/live-response.ts";

test("with direct links a collected file comes straight from object storage, a transcript through us, and an altered link gives nothing", async () => {
  await using s3 = await startS3Server();
  await using world = await World.start({
    settings: {
      HALLIGAN_BLOBS: `s3://halligan/direct?endpoint=${s3.endpoint}&pathStyle=true`,
      HALLIGAN_S3_ACCESS_KEY_ID: s3.credentials.s3AccessKeyId ?? "",
      HALLIGAN_S3_SECRET_ACCESS_KEY: s3.credentials.s3SecretAccessKey ?? "",
      HALLIGAN_RESULT_LINKS: "direct",
      HALLIGAN_LIMITS_PROFILE: "open",
    },
  });
  const [machine] = world.machines;
  assert.ok(machine);
  await addScript(world, "say.sh", "#!/bin/sh\necho said\n");
  await writeFile(join(machine.dataDir, "work", "facts one.txt"), "facts");
  const action = await runToEnd(world, machine.id, [runScript("say.sh"), getFile("facts one.txt")]);
  assert.equal(action.status, "Succeeded", JSON.stringify(action.commands));

  const link = new URL(await world.client.getDownloadUrl(action.id, 1));
  assert.equal(link.origin, s3.endpoint);
  const answer = await fetch(link);
  assert.equal(answer.headers.get("content-disposition"), 'attachment; filename="facts%20one.txt.gz"');
  assert.equal(gunzipSync(Buffer.from(await answer.arrayBuffer())).toString(), "facts");
  const altered = new URL(link);
  altered.searchParams.set("X-Amz-Credential", "NOBODY/20261121/us-east-1/s3/aws4_request");
  assert.equal((await fetch(altered)).status, 403);

  const transcript = new URL(await world.client.getDownloadUrl(action.id, 0));
  assert.equal(transcript.origin, world.credentials.baseUrl);
  assert.match(await (await fetch(transcript)).text(), /said/);
});
