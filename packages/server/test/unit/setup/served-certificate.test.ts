import assert from "node:assert/strict";
import { copyFile, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { pino } from "pino";
import { ConfigError } from "../../../src/config/config.ts";
import { ServedCertificate } from "../../../src/setup/certificates/served-certificate.ts";
import { CertificateMaker } from "../../support/certificates.ts";

const folder = await mkdtemp(join(tmpdir(), "halligan-certificate-"));
after(() => rm(folder, { recursive: true }));
const maker = new CertificateMaker(folder);
const first = maker.selfSigned();
const second = maker.selfSigned();
const DAY_MS = 24 * 3_600_000;

function logged() {
  const lines: { level: number; msg: string; reason?: string }[] = [];
  const log = pino({ level: "info" }, { write: (line: string) => void lines.push(JSON.parse(line)) });
  const warnings = () => lines.filter(({ level }) => level >= 40);
  return { lines, log, warnings };
}

const refusal = async (files: { certFile: string; keyFile: string }): Promise<string> => {
  try {
    await ServedCertificate.open(files, logged().log, Date.now);
  } catch (error) {
    assert.ok(error instanceof ConfigError, String(error));
    return error.message;
  }
  assert.fail("the pair was taken");
};
const written = async (name: string, content: string): Promise<string> => {
  const file = join(folder, name);
  await writeFile(file, content);
  return file;
};

test("each mistake in the files is refused at the start with its name and what to do", async () => {
  const { certFile, keyFile } = first;
  assert.match(
    await refusal({ certFile, keyFile: second.keyFile }),
    /does not belong to the certificate .* made together/,
  );
  assert.match(await refusal({ certFile, keyFile: maker.encrypted(keyFile) }), /is encrypted.*openssl pkey -in/);
  assert.match(await refusal({ certFile: keyFile, keyFile: certFile }), /swapped/);
  assert.match(await refusal({ certFile: join(folder, "none"), keyFile }), /could not be read: ENOENT/);
  assert.match(await refusal({ certFile: await written("empty", ""), keyFile }), /no certificate in PEM/);
  assert.match(await refusal({ certFile, keyFile: await written("text", "hello") }), /no private key in PEM/);
  const torn = (await readFile(keyFile, "utf8")).replace(/\n.{20}/, "\nAAAA");
  assert.match(await refusal({ certFile, keyFile: await written("torn", torn) }), /is damaged or of an unknown kind/);
  const { leaf, intermediate, keyFile: ownKey } = maker.issued();
  const wrongOrder = await written("order.crt", `${intermediate}${leaf}`);
  assert.match(await refusal({ certFile: wrongOrder, keyFile: ownKey }), /put the server's own certificate first/);
});

test("a chain without its intermediate is served with a warning; a whole one and a self-signed one without", async () => {
  const { leaf, intermediate, root, keyFile } = maker.issued();
  const open = async (certFile: string, key: string) => {
    const { log, warnings } = logged();
    await ServedCertificate.open({ certFile, keyFile: key }, log, Date.now);
    return warnings().map(({ msg }) => msg);
  };
  const [alone] = await open(await written("alone.crt", leaf), keyFile);
  assert.match(alone ?? "", /append its certificate.*NODE_EXTRA_CA_CERTS/);
  const [gap] = await open(await written("gap.crt", `${leaf}${root}`), keyFile);
  assert.match(gap ?? "", /is not followed by its issuer/);
  assert.deepEqual(await open(await written("whole.crt", `${leaf}${intermediate}${root}`), keyFile), []);
  assert.deepEqual(await open(first.certFile, first.keyFile), []);
});

test("another pair in the same files is taken; a wrong one leaves the former in use and is said once until it changes", async () => {
  const files = { certFile: join(folder, "live.crt"), keyFile: join(folder, "live.key") };
  await copyFile(first.certFile, files.certFile);
  await copyFile(first.keyFile, files.keyFile);
  const { lines, log, warnings } = logged();
  const served = await ServedCertificate.open(files, log, Date.now);
  const applied: string[] = [];
  served.onChange(({ cert }) => applied.push(cert));

  // Between the two files of a renewal the key is still the old one.
  await copyFile(second.certFile, files.certFile);
  await served.reload(false);
  await served.reload(false);
  assert.equal(warnings().length, 1);
  assert.match(warnings()[0]?.reason ?? "", /does not belong/);
  assert.equal(served.current.cert, await readFile(first.certFile, "utf8"));
  assert.deepEqual([served.reloadFailed, applied.length], [true, 0]);
  assert.match(served.warnings().join(), /files on disk cannot be used/);
  await served.reload(true);
  assert.equal(warnings().length, 2, "who asks by a signal is answered each time");

  await copyFile(second.keyFile, files.keyFile);
  await served.reload(false);
  assert.deepEqual(applied, [await readFile(second.certFile, "utf8")]);
  assert.deepEqual([served.reloadFailed, served.warnings()], [false, []]);
  assert.ok(lines.some(({ msg }) => msg === "certificate reloaded"));
  await rm(files.keyFile);
  await served.reload(false);
  assert.ok(served.reloadFailed);
  assert.equal(served.current.cert, applied[0]);
});

test("the end comes nearer: one warning for each step, one error a day afterwards, and a figure that turns negative", async () => {
  const startMs = Date.now();
  const { certFile, keyFile } = maker.selfSigned({ from: new Date(startMs), until: new Date(startMs + 60 * DAY_MS) });
  const { log, warnings } = logged();
  let nowMs = startMs + DAY_MS;
  const served = await ServedCertificate.open({ certFile, keyFile }, log, () => nowMs);
  const at = async (day: number) => {
    nowMs = startMs + day * DAY_MS;
    await served.reload(false);
    await served.reload(false);
    return warnings().length;
  };
  const counts: number[] = [];
  for (const day of [10, 46, 50, 54, 58, 59.5, 61, 61.5, 62.5]) counts.push(await at(day));
  assert.deepEqual(counts, [0, 1, 1, 2, 3, 4, 5, 5, 6]);
  assert.ok(served.secondsUntilExpiry < 0);
  assert.match(served.warnings().join(), /the certificate expired at/);
  assert.deepEqual(
    warnings().map(({ level }) => level),
    [40, 40, 40, 40, 50, 50],
  );
});

test("an expired certificate is served and said to be at the start: a wrong clock of this machine must not stop it", async () => {
  const nowMs = Date.now();
  const files = maker.selfSigned({ from: new Date(nowMs - 10 * DAY_MS), until: new Date(nowMs - DAY_MS) });
  const { log, warnings } = logged();
  await ServedCertificate.open(files, log, Date.now);
  assert.match(warnings()[0]?.msg ?? "", /expired.*renew it/);
});
