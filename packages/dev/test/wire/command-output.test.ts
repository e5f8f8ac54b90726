import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { describe, test } from "node:test";
import { gunzipSync } from "node:zlib";
import { HeldDevice } from "../e2e/held-device.ts";
import { getFile, runScript, UNKNOWN_ACTION } from "./support/commands.ts";
import { openDefaultGroup } from "./support/default-group.ts";
import { assertError } from "./support/golden.ts";
import { textAt } from "./support/json.ts";
import { onlyHalligan, setUp } from "./support/target.ts";

const skip = onlyHalligan("its own interface for output");

/** Every byte, bytes that look like an escape of JSON, and text that is cut in the middle. */
const BINARY = "printf '\\000\\001\\\\u0041\"\\377\\303'; head -c 200000 /dev/urandom | tee random.bin; printf '\\303'";

describe("the bytes that a script wrote", { skip, timeout: 120_000 }, () => {
  const here = setUp({});
  const path = (id: string, index: number, stream: string) =>
    `/halligan/v1/actions/${id}/commands/${index}/output/${stream}`;

  const bytesOf = (id: string, index: number, stream: string, range?: string) =>
    here().api.get(path(id, index, stream), { headers: range === undefined ? {} : { range } });

  test("are those of its standard output and standard error, whatever they are", async () => {
    const { api, library, machineId } = here();
    const name = await library.script("raw", `${BINARY}; printf 'err \\360\\237\\230\\200\\r\\n' >&2`);
    const id = textAt(await api.runToEnd(machineId, [runScript(name), getFile("random.bin")]), "id");
    const random = gunzipSync((await api.result(id, 1)).bytes);
    const whole = Buffer.concat([Buffer.from('\0\x01\\u0041"\xff\xc3', "latin1"), random, Buffer.from([0xc3])]);
    const out = await bytesOf(id, 0, "stdout");
    assert.equal(out.status, 200);
    assert.ok(out.bytes.equals(whole), "every byte is the script's");
    assert.equal(out.headers.get("content-type"), "application/octet-stream");
    assert.equal(out.headers.get("content-length"), String(whole.length));
    assert.equal(out.headers.get("content-disposition"), `attachment; filename="output_${id}_0.stdout"`);
    assert.equal((await bytesOf(id, 0, "stderr")).bytes.toString(), "err \u{1f600}\r\n");
    for (const [range, start, end] of [
      ["bytes=0-0", 0, 0],
      ["bytes=7-100006", 7, 100_006],
      [`bytes=${whole.length - 3}-`, whole.length - 3, whole.length - 1],
      ["bytes=-5", whole.length - 5, whole.length - 1],
    ] as const) {
      const part = await bytesOf(id, 0, "stdout", range);
      assert.equal(part.status, 206, range);
      assert.equal(part.headers.get("content-range"), `bytes ${start}-${end}/${whole.length}`);
      assert.ok(part.bytes.equals(whole.subarray(start, end + 1)), range);
    }
    assert.equal((await bytesOf(id, 0, "stdout", `bytes=${whole.length}-`)).status, 416);
    const audit = await api.get(`/halligan/v1/audit?operation=GetLiveResponseResultDownloadLink&actionId=${id}`);
    assert.match(audit.text, /"detail":\{"index":0,"isDownload":true,"stream":"stderr"\}/);
  });

  test("end where the device has cut them, without the agent's notes, also above 10 MiB", async () => {
    const { api, library, machineId } = here();
    const sizeBytes = 12 * 1024 * 1024;
    const name = await library.script("cut", `yes 0123456 | head -c ${sizeBytes + 100}; echo err >&2`);
    const response = await api.post(`/halligan/v1/machines/${machineId}/actions`, {
      Commands: [runScript(name)],
      Comment: "cut",
      options: { outputLimitBytes: sizeBytes },
    });
    const id = textAt(response.body, "id");
    await api.waitForEnd(id);
    const { bytes } = await bytesOf(id, 0, "stdout");
    assert.equal(bytes.length, sizeBytes);
    const expected = createHash("sha256")
      .update("0123456\n".repeat(sizeBytes / 8))
      .digest("hex");
    assert.equal(createHash("sha256").update(bytes).digest("hex"), expected);
    assert.equal((await bytesOf(id, 0, "stderr")).bytes.toString(), "err\n");
    assert.match(
      textAt(await api.transcript(id, 0), "script_output").slice(-60),
      /output cut off after 12582912 bytes/,
    );
  });

  test("are refused with the reason: not yet, no script, no such command, and an agent without them", async () => {
    const { api, library, machineId, target } = here();
    const running = await api.start(machineId, [runScript(await library.script("runs", "sleep 600"))]);
    assertError(await api.get(path(running, 0, "stdout")), 400, "BadRequest");
    assert.equal((await api.cancel(running)).status, 200);
    await api.waitForEnd(running);
    assertError(await api.get(path(running, 1, "stdout")), 404, "ResourceNotFound");
    assertError(await api.get(path(running, 0, "stdin")), 404, "NotFound");
    assertError(await api.get(path(UNKNOWN_ACTION, 0, "stdout")), 404, "ResourceNotFound");
    const file = textAt(await api.runToEnd(machineId, [getFile("/etc/hostname")]), "id");
    assertError(await api.get(path(file, 0, "stdout")), 404, "ResourceNotFound");

    await openDefaultGroup(api);
    const made = await api.post("/halligan/v1/enrollment-tokens", { uses: 1, expiresInSeconds: 600 });
    await using older = await HeldDevice.start(target.baseUrl, "older-agent", textAt(made.body, "token"));
    older.letGo();
    const id = textAt(await api.runToEnd(older.machineId, [runScript(await library.script("older", ":"))]), "id");
    assertError(await api.get(path(id, 0, "stdout")), 404, "OutputNotAvailable");
  });
});
