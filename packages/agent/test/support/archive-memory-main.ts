/** Prints the largest resident memory of a process that archives the folder of its argument. */
import { ArchiveBytes, inBlocks } from "../../src/commands/archive/archive-bytes.ts";
import { Calls } from "../../src/commands/archive/archive-calls.ts";
import { mountsOf } from "../../src/commands/archive/mounts.ts";
import { EVERYTHING } from "../../src/commands/archive/pattern.ts";
import { walk } from "../../src/commands/archive/walk.ts";
import { gzipMember } from "../../src/transfer/gzip-member.ts";

const [folder = ""] = process.argv.slice(2);
const calls = new Calls({ signal: new AbortController().signal, moved: () => undefined });
const bytes = new ArchiveBytes({
  start: { type: "start", version: 1, kind: "folder", path: folder, maxFiles: 1e9, maxBytes: 1e12 },
  found: walk({ startFolder: folder, parts: EVERYTHING, withStart: true, mounts: mountsOf("") }, calls),
  calls,
  owners: { users: new Map(), groups: new Map() },
  ownKeys: [],
});
let sizeBytes = 0;
for await (const chunk of gzipMember(inBlocks(bytes.pieces()))) sizeBytes += chunk.length;
console.log(JSON.stringify({ maxRss: process.resourceUsage().maxRSS, files: bytes.end.files, sizeBytes }));
