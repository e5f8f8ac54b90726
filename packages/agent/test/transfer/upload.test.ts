import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { writeFile } from "node:fs/promises";
import type { IncomingMessage, ServerResponse } from "node:http";
import path from "node:path";
import { test } from "node:test";
import { gunzipSync } from "node:zlib";
import { deviceRunner } from "../../src/commands/device-runner.ts";
import { getFile } from "../../src/commands/files/get-file.ts";
import type { LogFields } from "../../src/core/ports.ts";
import { spoolPaths } from "../../src/disk/order-files.ts";
import { commandWorld } from "../support/command-world.ts";
import { sha256 } from "../support/fake-server.ts";
import { clockWithHeldLimits, fastClock } from "../support/fast-clock.ts";

const options = { timeout: 60_000 };
const MIB = 1024 * 1024;
const never = new AbortController().signal;
type Fault = (request: IncomingMessage, response: ServerResponse) => void;

/**
 * Gets a file through a server that answers the n-th request with the n-th fault, where there is
 * one. The file has three parts, unless `sizeBytes` says otherwise: a part costs 0.3 s of processor
 * time.
 */
async function getThrough(
  faults: (Fault | null)[],
  more: {
    times?: number;
    sizeBytes?: number;
    limits?: { stallTimeoutMs: number; transferTimeoutMs?: number };
    limitsPassAtRequest?: number;
  } = {},
) {
  const times = more.times ?? 10;
  const { promise: passed, resolve: pass } = Promise.withResolvers<void>();
  const clock = more.limitsPassAtRequest === undefined ? fastClock(times) : clockWithHeldLimits(times, passed);
  await using world = await commandWorld({ clock });
  const bytes = randomBytes(more.sizeBytes ?? 20 * MIB + 17);
  await writeFile(path.join(world.folder.work, "evidence"), bytes);
  const requests: string[] = [];
  world.server.interceptEarly = (request, response) => {
    const fault = faults[requests.length];
    requests.push(`${request.method} ${/[^/]+(\/\d+)?$/.exec(request.url ?? "")?.[0]}`);
    if (requests.length === more.limitsPassAtRequest) pass();
    if (fault) fault(request, response);
    return fault !== null && fault !== undefined;
  };
  const job = world.job({ index: 0, type: "GetFile", path: "evidence" } as const, more.limits);
  const retries: string[] = [];
  const log = { ...world.deps.log, warn: (_: string, fields?: LogFields) => void retries.push(String(fields?.error)) };
  const end = await getFile({ ...world.deps, log }, job, never);
  const whole = end.result?.kind === "uploaded" ? world.server.completed.get(end.result.uploadId) : undefined;
  return {
    retries,
    ...end,
    requests,
    isWhole: whole !== undefined && gunzipSync(whole).equals(bytes),
  };
}

/** Reads some of the part, then breaks the connection. */
const cutAt =
  (bytes: number): Fault =>
  (request) => {
    let seen = 0;
    request.on("data", (chunk: Buffer) => {
      seen += chunk.length;
      if (seen >= bytes) request.socket.destroy();
    });
  };

/** Answers at once, without reading the body, on a connection that is meant to be kept. */
const early =
  (code: number, body = ""): Fault =>
  (_request, response) =>
    void response.writeHead(code, { connection: "keep-alive" }).end(body);

test("parts that are cut in the middle are sent again, and only they", options, async () => {
  const { isWhole, requests, errors } = await getThrough([
    cutAt(MIB),
    null,
    cutAt(7 * MIB),
    cutAt(1),
    null,
    null,
    cutAt(1),
  ]);
  assert.deepEqual(errors, []);
  assert.ok(isWhole);
  const parts = requests.map((request) => request.split(" ")[1]);
  assert.deepEqual(parts, ["parts/0", "parts/0", "parts/1", "parts/1", "parts/1", "parts/2", "complete", "complete"]);
});

test(
  "an answer that comes before the body is read does not spoil the connection for what follows",
  options,
  async () => {
    const { isWhole, errors } = await getThrough([early(503), early(507), null, early(500), early(408), early(429)]);
    assert.deepEqual(errors, []);
    assert.ok(isWhole);
  },
);

test("a server that takes a part before it has it is not believed", options, async () => {
  const { isWhole, requests } = await getThrough([early(204)]);
  assert.ok(isWhole);
  assert.deepEqual(requests.slice(0, 2), ["PUT parts/0", "PUT parts/0"]);
});

test("a part that was changed on the way is sent again a bounded number of times", options, async () => {
  const mismatch: Fault = (request, response) => {
    request.resume().on("end", () => {
      response
        .writeHead(400)
        .end(JSON.stringify({ error: { code: "PartMismatch", message: "Other bytes.", target: "t" } }));
    });
  };
  assert.ok((await getThrough([mismatch, mismatch, null, mismatch], { sizeBytes: 9 * MIB })).isWhole);
  const given = await getThrough(Array(9).fill(mismatch), { sizeBytes: MIB });
  assert.deepEqual([given.outcome, given.errors], ["failed", ["The server did not take the file: Other bytes."]]);
  assert.equal(given.requests.length, 4);
});

test("a whole that the server keeps finding different is given up after bounded restarts", options, async () => {
  const conflict: Fault = (request, response) => void request.resume().on("end", () => response.writeHead(409).end());
  const faults = Array.from({ length: 40 }, (_, n) => (n % 4 === 3 ? conflict : null));
  const { outcome, errors, requests } = await getThrough(faults);
  assert.equal(outcome, "failed");
  assert.match(errors[0] ?? "", /kept finding the result incomplete/);
  assert.equal(requests.length, 16);
});

const silent: Fault = (request) => void request.resume();

test(
  "a connection that goes silent is left for another one, also for a transcript, which has no limit",
  options,
  async () => {
    assert.ok((await getThrough([silent], { times: 100, sizeBytes: MIB })).isWhole);
    await using world = await commandWorld({ clock: fastClock(100) });
    const job = world.job({ index: 0, type: "RunScript", scriptName: "a.sh", args: null, file: null } as const);
    await writeFile(spoolPaths(world.folder, 1, 0).stdout, "x".repeat(100_000));
    let isFirst = true;
    world.server.interceptEarly = (request, response) => {
      if (isFirst) silent(request, response);
      const wasFirst = isFirst;
      isFirst = false;
      return wasFirst;
    };
    const result = await deviceRunner(world.deps).uploadTranscript(job, 0, never);
    assert.equal(result?.kind, "uploaded");
  },
);

test("a server that stays silent is given up at the stall limit", options, async () => {
  const { errors } = await getThrough(Array(20).fill(silent), {
    times: 1,
    sizeBytes: MIB,
    limits: { stallTimeoutMs: 300 },
  });
  assert.deepEqual(errors, ["The transfer made no progress for 300 milliseconds."]);
});

test("every part that the server takes carries its own SHA-256, whatever happened before", options, async () => {
  await using world = await commandWorld({ clock: fastClock(50) });
  await writeFile(path.join(world.folder.work, "evidence"), randomBytes(40 * MIB));
  let requests = 0;
  const wrong: string[] = [];
  world.server.interceptEarly = (request, response) => {
    if (++requests % 3 !== 0) return false;
    if (requests % 2 === 0) cutAt(3 * MIB)(request, response);
    else early(503)(request, response);
    return true;
  };
  const job = world.job({ index: 0, type: "GetFile", path: "evidence" } as const);
  const end = await getFile(world.deps, job, never);
  assert.deepEqual(end.errors, []);
  for (const [id, parts] of world.server.uploads) for (const part of parts) if (!part) wrong.push(id);
  assert.deepEqual(wrong, []);
  const whole = end.result?.kind === "uploaded" ? world.server.completed.get(end.result.uploadId) : undefined;
  assert.equal(
    end.result?.kind === "uploaded" && whole && sha256(whole),
    end.result?.kind === "uploaded" && end.result.sha256,
  );
});

test(
  "a transfer that is given up names what the server answered last, and nothing once it has taken bytes",
  options,
  async () => {
    const full = early(
      507,
      JSON.stringify({ error: { code: "InsufficientStorage", message: "out of space", target: "1" } }),
    );
    // The second request shows that the answer to the first one was read.
    const limits = { stallTimeoutMs: 3_600_000, transferTimeoutMs: 7_200_000 };
    const refused = await getThrough(Array(500).fill(full), { limits, limitsPassAtRequest: 2 });
    assert.equal(refused.outcome, "failed");
    assert.match(
      refused.errors[0] ?? "",
      /^The transfer (made no progress for|did not end within) .*The server's last answer was: .*out of space/,
    );
    const silent: Fault = () => undefined;
    // In real time: on a fast clock a busy machine makes the part that is taken look like a silent
    // request.
    const later = await getThrough([full, null, ...Array(500).fill(silent)], {
      limits,
      limitsPassAtRequest: 3,
      times: 1,
    });
    assert.equal(later.outcome, "failed");
    assert.doesNotMatch(later.errors[0] ?? "", /last answer/);
  },
);
