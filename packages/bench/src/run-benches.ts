import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Bench, BenchContext } from "./bench.ts";
import { type Figure, figureOf } from "./figure.ts";

export interface Outcome {
  /** In the order of the benches. */
  readonly figures: readonly Figure[];
  readonly failed: readonly string[];
}

/**
 * One after another, each with the machine to itself; quick ones, which measure nothing, all at
 * once.
 */
export async function runBenches(benches: readonly Bench[], context: Omit<BenchContext, "folder">): Promise<Outcome> {
  const results: (readonly Figure[] | null)[] = [];
  if (context.quick) results.push(...(await Promise.all(benches.map((bench) => runOne(bench, context)))));
  else for (const bench of benches) results.push(await runOne(bench, context));
  return {
    figures: results.flatMap((figures) => figures ?? []),
    failed: benches.filter((_, index) => results[index] === null).map(({ name }) => name),
  };
}

/** Null when the bench failed. The failure is reported, and the figures of the others are kept. */
async function runOne(bench: Bench, context: Omit<BenchContext, "folder">): Promise<Figure[] | null> {
  const note = (text: string) => context.note(`${bench.name}: ${text}`);
  note(bench.about);
  const folder = await mkdtemp(join(tmpdir(), `halligan-bench-${bench.name}-`));
  try {
    context.signal.throwIfAborted();
    const measured = await bench.run({ ...context, folder, note });
    return measured.map((one) => figureOf(bench.name, one));
  } catch (cause) {
    note(`FAILED: ${explain(cause)}`);
    return null;
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

function explain(cause: unknown): string {
  if (!(cause instanceof Error)) return String(cause);
  const inner = cause instanceof AggregateError ? cause.errors : cause.cause === undefined ? [] : [cause.cause];
  return [cause.stack ?? cause.message, ...inner.map((one) => `  because of ${explain(one)}`)].join("\n");
}
