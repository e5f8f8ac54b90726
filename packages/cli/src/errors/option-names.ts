import type { ActionOptions } from "@halligan/protocol/api";
import { formatBytes, formatDuration } from "../render/text/units.ts";

const TYPED_AS = {
  scriptTimeoutMs: { typed: "--timeout-script", format: formatDuration },
  outputLimitBytes: { typed: "--output-limit", format: formatBytes },
  queueTimeoutMs: { typed: "--expires", format: formatDuration },
  notBefore: { typed: "--not-before", format: formatDuration },
} as const satisfies Partial<Record<keyof ActionOptions, { typed: string; format: (value: number) => string }>>;

/** A message of the server about options of an action, with the names that a person typed. */
export function withTypedOptions(message: string): string {
  let text = message;
  for (const [option, { typed, format }] of Object.entries(TYPED_AS)) {
    const limit = new RegExp(`options\\.${option} is (\\d+); the maximum is (\\d+)$`);
    text = text
      .replace(limit, (_, value: string, maximum: string) => {
        return `${typed} is ${format(Number(value))}; the maximum is ${format(Number(maximum))}`;
      })
      .replace(`options.${option} `, `${typed} `);
  }
  return text;
}
