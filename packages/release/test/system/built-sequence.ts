import assert from "node:assert/strict";
import { chmod, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { it } from "node:test";
import { gunzipSync } from "node:zlib";
import { FINAL_STATUSES } from "@halligan/protocol/api";
import { until } from "../../../protocol/test/support/until.ts";
import type { BuiltRelease } from "./built-release.ts";
import type { BuiltServer } from "./built-server.ts";

const SCRIPT = `#!/bin/sh
env | grep -c '^BUN_' > made.txt
cat sent.txt >> made.txt
echo ran
`;

/** The built programs in an empty environment, in another folder, with a PATH without Node. */
export function sequenceTest(built: () => BuiltRelease, server: () => BuiltServer): void {
  it("a built agent runs PutFile, RunScript and GetFile for a server from its archive, both in an empty environment", async () => {
    const { folder } = built();
    const { client, credentials, address, start } = server();
    const { token } = await client.createEnrollmentToken({ uses: 1, expiresInSeconds: 600 });
    const agentFile = await built().file("halligan-agent");
    const place = ["--data", join(folder, "agent-data")];
    const enroll = start(
      "enroll",
      [agentFile, "enroll", "--server", credentials.baseUrl, ...place, "--token-stdin"],
      token,
    );
    assert.equal(await enroll.exited, 0, enroll.output);
    await using agent = start("agent", [agentFile, "run", ...place]);
    await agent.line((line) => line.includes('"event":"linked"'));
    await client.putLibraryFile({ fileName: "make.sh", content: () => new Blob([SCRIPT]) });
    await client.putLibraryFile({ fileName: "sent.txt", content: () => new Blob(["sent"]) });
    // A list runs in the scan process of the bundle.
    const [machine] = await client.listMachines();
    assert.ok(machine);
    assert.match(machine.agentVersion ?? "", /^\d+\.\d+\.\d+\+[0-9a-f]{12}/);
    const { id } = await client.runLiveResponse(machine.id, {
      Commands: [
        { type: "PutFile", params: [{ key: "FileName", value: "sent.txt" }] },
        { type: "RunScript", params: [{ key: "ScriptName", value: "make.sh" }] },
        { type: "GetFile", params: [{ key: "Path", value: "made.txt" }] },
      ],
      Comment: "built files",
    });
    const isFinal = async () => FINAL_STATUSES.has((await client.getMachineAction(id)).status);
    await until(isFinal, "the action has ended");
    const action = await client.getMachineAction(id);
    assert.equal(action.status, "Succeeded", JSON.stringify(action.commands));
    const response = await client.downloadResult(await client.getDownloadUrl(id, 2));
    assert.equal(gunzipSync(Buffer.from(await response.arrayBuffer())).toString(), "0\nsent");
    const metrics = await fetch(`http://${address}/metrics`);
    assert.match(await metrics.text(), /halligan_build_info\{version="[^"]+",commit="[0-9a-f]{12}/);
    const cli = await built().file("halligan");
    await writeFile(join(folder, "secret"), credentials.clientSecret);
    await chmod(join(folder, "secret"), 0o600);
    const settings = [`HALLIGAN_URL=${credentials.baseUrl}`, `HALLIGAN_CLIENT_ID=${credentials.clientId}`];
    const list = start("cli", [...settings, `HALLIGAN_CLIENT_SECRET_FILE=${join(folder, "secret")}`, cli, "machines"]);
    assert.equal(await list.exited, 0, list.output);
  });
}
