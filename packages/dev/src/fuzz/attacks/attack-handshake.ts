import { ANSWER_BYTES } from "@halligan/protocol/link";
import { harmless, hello } from "../frames.ts";
import type { FuzzConnection } from "../fuzz-connection.ts";
import type { FuzzContext } from "../fuzz-context.ts";
import { mutated } from "../mutate.ts";
import { openConnection, welcomed } from "./accepted-connection.ts";

/**
 * Attacks before a device is known: wrong sizes, keys and machines, replays, and frames that are
 * not expected yet.
 */
export async function attackHandshake(context: FuzzContext): Promise<void> {
  const { random, device } = context;
  await using link = openConnection(context);
  const challenge = await link.challenge();
  if (!challenge) return;
  await FIRST_FRAMES[random.between(0, FIRST_FRAMES.length - 1)]?.(context, link, challenge);
  // More of it is on its way before the server has closed.
  for (let i = random.between(0, 5); i > 0; i -= 1) {
    if (random.chance(0.5)) await link.text(JSON.stringify(harmless(random)));
    else await link.binary(random.chance(0.5) ? device.answer(challenge) : random.bytes(random.between(0, 200)));
  }
  if (random.chance(0.1)) await link.ended();
}

type FirstFrame = (context: FuzzContext, link: FuzzConnection, challenge: Uint8Array) => Promise<void>;

const FIRST_FRAMES: readonly FirstFrame[] = [
  ({ random }, link) => link.binary(random.bytes(random.pick([0, 1, ANSWER_BYTES - 1, ANSWER_BYTES + 1, 5_000]))),
  ({ random }, link) => link.binary(random.bytes(ANSWER_BYTES)),
  ({ random }, link) => link.binary(random.chance(0.02) ? Buffer.alloc(2 * 1024 * 1024 + 1) : Buffer.alloc(300_000)),
  ({ random, device }, link, challenge) => link.binary(device.answer(challenge, { version: random.pick([0, 3, 255]) })),
  ({ random, device }, link, challenge) => link.binary(device.answer(challenge, { serverKeyId: random.hex(64) })),
  ({ random, device }, link, challenge) => link.binary(device.answer(challenge, { machineId: random.hex(40) })),
  // Another machine's name under this key: threat 1.8.
  ({ random, device, otherMachineIds }, link, challenge) =>
    link.binary(device.answer(challenge, { machineId: random.pickAny(otherMachineIds) ?? random.hex(40) })),
  ({ accomplice, device }, link, challenge) =>
    link.binary(device.answer(challenge, { machineId: accomplice.machineId })),
  ({ random, answers }, link) => link.binary(random.pickAny(answers) ?? random.bytes(ANSWER_BYTES)),
  ({ random, device }, link) => link.binary(device.answer(random.bytes(32))),
  async ({ random, device }, link, challenge) => {
    const answer = Buffer.from(device.answer(challenge));
    const at = random.between(0, answer.length - 1);
    answer[at] = (answer[at] ?? 0) ^ (1 << random.between(0, 7));
    await link.binary(answer);
  },
  ({ random, device, others }, link) => link.text(JSON.stringify(hello(device, random, others()))),
  ({ random }, link) => link.text(mutated({ type: "ping" }, random)),
  async ({ device }, link, challenge) => {
    await link.binary(device.answer(challenge));
    await link.binary(device.answer(challenge));
  },
];

/** An authenticated device whose first frame is not a hello, is malformed, or is sent twice. */
export async function attackHello(context: FuzzContext): Promise<void> {
  const { random, device, others } = context;
  await using link = openConnection(context);
  if ((await welcomed(context, link)) === null) return;
  const good = hello(device, random, others());
  for (let i = random.between(0, 3); i > 0; i -= 1) await link.text('{"type":"ping"}');
  switch (random.between(0, 3)) {
    case 0:
      await link.text(JSON.stringify(good));
      await link.text(JSON.stringify(good));
      break;
    case 1:
      await link.binary(random.bytes(random.between(0, 200)));
      break;
    default:
      await link.text(mutated(good, random));
  }
  for (let i = random.between(0, 10); i > 0; i -= 1) await link.text(mutated(harmless(random), random));
  if (random.chance(0.1)) await link.ended();
}
