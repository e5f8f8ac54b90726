import { MAX_FRAME_BYTES } from "@halligan/protocol/link";
import { sleep, systemClock } from "@halligan/protocol/time";
import type { Attack } from "../attack.ts";
import { Counts, enrollHostile, type HostileConnection, HostileMachine } from "./hostile-machine.ts";

/** How long one kind of frame is sent, where the server takes it. */
const KIND_MS = 250;
/** Enough that the server never waits for the attacker. */
const MAX_UNSENT_BYTES = 4 * 1024 * 1024;
const RETRY_MS = 20;

const ACTION_ID = "00000000-0000-4000-8000-000000000000";
const REPORT = { actionId: ACTION_ID, orderSeq: 1 };
const SIGNATURE = "A".repeat(86);

const fill = (unit: string, sizeBytes: number): string => unit.repeat(Math.floor(sizeBytes / unit.length));

/**
 * The frames that cost the server most. JSON.parse uses the last of equal names, so each frame is a
 * valid ping with a costly prefix. The largest size was accepted before the server had a bound for
 * agents; half a MiB is within the present bound.
 */
const KINDS: Readonly<Record<string, string>> = {
  ...costlyFramesOf("Of2Mib", MAX_FRAME_BYTES - 1024),
  ...costlyFramesOf("OfHalfMib", 500 * 1024),
  largeEnds: JSON.stringify({
    type: "ended",
    ...REPORT,
    index: 0,
    outcome: "failed",
    errors: Array.from({ length: 16 }, () => "\u0001".repeat(2_000)),
    result: { kind: "inline", transcript: fill('\\"', 60 * 1024) },
    evidence: { payload: fill('\\"', 96 * 1024), signature: SIGNATURE },
  }),
  signedEnds: JSON.stringify({
    type: "ended",
    ...REPORT,
    index: 0,
    outcome: "completed",
    errors: [],
    result: null,
    evidence: { payload: "{}", signature: SIGNATURE },
  }),
  starts: JSON.stringify({ type: "started", ...REPORT, index: 0, startId: "e".repeat(32) }),
  closes: JSON.stringify({ type: "closed", ...REPORT, errors: [] }),
  pings: JSON.stringify({ type: "ping" }),
};

function costlyFramesOf(size: string, sizeBytes: number): Record<string, string> {
  return {
    [`arrays${size}`]: `{"type":[${fill("[],", sizeBytes)}[]],"type":"ping"}`,
    [`names${size}`]: `{${fill('"type":1,', sizeBytes)}"type":"ping"}`,
    [`nested${size}`]: `{"type":${fill("[", sizeBytes / 2)}${fill("]", sizeBytes / 2)},"type":"ping"}`,
  };
}

export const costlyFrames: Attack = {
  name: "costly-frames",
  point: 10,
  title: "One enrolled device sends the frames that cost most, as fast as the server reads them",
  prepare: enrollHostile,
  async start(target, signal) {
    const counts = new Counts();
    const machine = new HostileMachine(target);
    const attack = async () => {
      let connection = await machine.ready();
      while (!signal.aborted) {
        for (const [kind, text] of Object.entries(KINDS)) {
          if (signal.aborted) break;
          if (connection.end !== null) {
            counts.add(connection.end);
            await sleep(systemClock, RETRY_MS, undefined);
            connection = await machine.ready();
          }
          await flood(connection, text, () => counts.add(kind));
          // Closed by the server, which says why in a moment.
          if (connection.socket.readyState !== connection.socket.OPEN) await connection.until(() => false);
        }
      }
      connection.socket.terminate();
    };
    return { counters: () => counts.all(), ended: attack() };

    async function flood({ socket }: HostileConnection, text: string, sent: () => void): Promise<void> {
      const untilMs = performance.now() + KIND_MS;
      while (performance.now() < untilMs && !signal.aborted && socket.readyState === socket.OPEN) {
        if (socket.bufferedAmount > MAX_UNSENT_BYTES) {
          await sleep(systemClock, 1, undefined);
          continue;
        }
        for (let bytes = 0; bytes < 64 * 1024; bytes += text.length) {
          socket.send(text);
          sent();
        }
        await sleep(systemClock, 0, undefined);
      }
    }
  },
};
