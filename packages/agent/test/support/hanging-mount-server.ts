/**
 * The few requests of FUSE (linux/fuse.h, 7.31) that reading one file takes. Run by
 * `hanging-mount.ts`.
 */
import { execFileSync } from "node:child_process";
import { openSync, readSync, writeSync } from "node:fs";

const [folder = "", mode = ""] = process.argv.slice(2);
const FILE_BYTES = 1024 * 1024;
const ROOT = 1n;
const FILE = 2n;
const OP = { lookup: 1, forget: 2, getattr: 3, open: 14, read: 15, release: 18, flush: 25, init: 26 };
const ENOENT = -2;
const ENOSYS = -38;

const device = openSync("/dev/fuse", "r+");
const options = "fd=3,rootmode=40000,user_id=0,group_id=0";
execFileSync("mount", ["-i", "-t", "fuse", "-o", options, "halligan-test", folder], {
  stdio: ["ignore", "inherit", "inherit", device],
});
process.stdout.write("mounted\n");
const request = Buffer.alloc(256 * 1024);
for (;;) {
  const size = readSync(device, request);
  if (mode === "everything") continue;
  answer(request.subarray(0, size));
}

function answer(bytes: Buffer): void {
  const opcode = bytes.readUInt32LE(4);
  const unique = bytes.readBigUInt64LE(8);
  const node = bytes.readBigUInt64LE(16);
  const body = bytes.subarray(40);
  switch (opcode) {
    case OP.forget:
      break;
    case OP.init:
      reply(unique, 0, initOut());
      break;
    case OP.getattr:
      reply(unique, 0, Buffer.concat([Buffer.alloc(16), attributes(node)]));
      break;
    case OP.lookup: {
      const isFile = body.toString("latin1", 0, body.indexOf(0)) === "file";
      const entry = Buffer.alloc(40);
      entry.writeBigUInt64LE(FILE, 0);
      reply(unique, isFile ? 0 : ENOENT, isFile ? Buffer.concat([entry, attributes(FILE)]) : Buffer.alloc(0));
      break;
    }
    case OP.open:
      reply(unique, 0, Buffer.alloc(16));
      break;
    case OP.read: {
      const offset = Number(body.readBigUInt64LE(8));
      const wanted = body.readUInt32LE(16);
      if (offset + wanted <= FILE_BYTES / 2) reply(unique, 0, Buffer.alloc(wanted, "x"));
      break;
    }
    case OP.release:
    case OP.flush:
      reply(unique, 0, Buffer.alloc(0));
      break;
    default:
      reply(unique, ENOSYS, Buffer.alloc(0));
  }
}

function reply(unique: bigint, error: number, body: Buffer): void {
  const head = Buffer.alloc(16);
  head.writeUInt32LE(head.length + body.length, 0);
  head.writeInt32LE(error, 4);
  head.writeBigUInt64LE(unique, 8);
  writeSync(device, Buffer.concat([head, body]));
}

function initOut(): Buffer {
  const out = Buffer.alloc(64);
  out.writeUInt32LE(7, 0);
  out.writeUInt32LE(31, 4);
  out.writeUInt32LE(128 * 1024, 20);
  return out;
}

function attributes(node: bigint): Buffer {
  const out = Buffer.alloc(88);
  out.writeBigUInt64LE(node, 0);
  out.writeBigUInt64LE(node === ROOT ? 0n : BigInt(FILE_BYTES), 8);
  out.writeUInt32LE(node === ROOT ? 0o40755 : 0o100644, 60);
  out.writeUInt32LE(1, 64);
  return out;
}
