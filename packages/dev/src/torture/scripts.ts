import type { HalliganClient } from "@halligan/protocol/client";
import { SeededRandom } from "./seeded-random.ts";

export const LINE_SCRIPT = "torture-line.sh";
export const TREE_SCRIPT = "torture-tree.sh";

export interface Tool {
  readonly name: string;
  readonly content: Buffer;
}

/** The large one does not compress and is more than one part of an upload. */
export const TOOLS = {
  small: tool("torture-small.bin", 20_000),
  large: tool("torture-large.bin", 9 * 1024 * 1024),
} as const;

function tool(name: string, sizeBytes: number): Tool {
  return { name, content: new SeededRandom(name).bytes(sizeBytes) };
}

/**
 * The one effect that counts is the line: who ran (from the environment that the agent gives) and
 * for which request (the token). It is appended outside the agent's folders, where no cleaning of
 * the agent can hide a second run.
 */
const BODY = `
# $1 file of lines, $2 token, $3 and $4 seconds before and after the line, $5 bytes of output, $6 exit code,
# $7 file to write, $8 bytes of it after the tool $9
[ "$3" = 0 ] || sleep "$3"
echo "$HALLIGAN_ACTION_ID $HALLIGAN_COMMAND_INDEX $2" >> "$1"
echo "begun $2"
[ "$5" = 0 ] || head -c "$5" /dev/zero | tr '\\0' 'x'
if [ "$7" != "" ]; then { cat "$9"; [ "$8" = 0 ] || yes "$2" | head -c "$8"; } > "$7"; fi
[ "$4" = 0 ] || sleep "$4"
exit "$6"
`;

/** Children that would keep running: one in a session of its own, one without its parent. */
const CHILDREN = `
setsid sleep 1000 > /dev/null 2>&1 &
(sleep 1000 > /dev/null 2>&1 &)
`;

export async function addScripts(client: HalliganClient): Promise<void> {
  const files: [string, string | Buffer<ArrayBuffer>][] = [
    [LINE_SCRIPT, `#!/bin/sh${BODY}`],
    [TREE_SCRIPT, `#!/bin/sh${CHILDREN}${BODY}`],
    ...Object.values(TOOLS).map(({ name, content }): [string, Buffer<ArrayBuffer>] => [name, Buffer.from(content)]),
  ];
  for (const [fileName, content] of files) {
    await client.putLibraryFile({ fileName, override: true, content: () => new Blob([content]) });
  }
}
