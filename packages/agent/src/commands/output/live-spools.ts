/**
 * The spools of this process that are being written, and how far. A reader of a spool never sees
 * bytes that the spool may still take back, because it knows the size from here.
 */
import { constants } from "node:fs";
import { type FileHandle, open, stat } from "node:fs/promises";
import type { CommandRef, OutputReader, OutputSizes, OutputSpools } from "../../core/ports.ts";
import type { DataFolder } from "../../disk/data-folder.ts";
import { type SpoolPaths, spoolPaths } from "../../disk/order-files.ts";

type Stream = keyof SpoolPaths;
type Command = Pick<CommandRef, "orderSeq" | "index">;

const keyOf = ({ orderSeq, index }: Command) => `${orderSeq}-${index}`;

// A script with the agent's rights can have put a pipe or a link there.
const READ = constants.O_RDONLY | (constants.O_NONBLOCK ?? 0) | (constants.O_NOFOLLOW ?? 0);

export class LiveSpools implements OutputSpools {
  readonly #folder: DataFolder;
  readonly #written = new Map<string, OutputSizes>();
  readonly #listeners = new Map<string, Set<() => void>>();

  constructor(folder: DataFolder) {
    this.#folder = folder;
  }

  /** A script begins to write. */
  begin(command: Command): WrittenSpools {
    const key = keyOf(command);
    const sizes: OutputSizes = { stdout: 0, stderr: 0, isFinal: false };
    this.#written.set(key, sizes);
    const notify = () => {
      for (const listener of this.#listeners.get(key) ?? []) listener();
    };
    notify();
    return {
      grew(stream, sizeBytes) {
        sizes[stream] = sizeBytes;
        notify();
      },
      [Symbol.dispose]: () => {
        sizes.isFinal = true;
        if (this.#written.get(key) === sizes) this.#written.delete(key);
        notify();
      },
    };
  }

  open(command: CommandRef, onChange: () => void): OutputReader {
    const key = keyOf(command);
    const listeners = this.#listeners.get(key) ?? new Set();
    listeners.add(onChange);
    this.#listeners.set(key, listeners);
    return new SpoolReader(
      spoolPaths(this.#folder, command.orderSeq, command.index),
      () => this.#written.get(key),
      () => {
        listeners.delete(onChange);
        if (listeners.size === 0) this.#listeners.delete(key);
      },
    );
  }
}

/** Disposed when the script has written its last byte, and the agent its last note. */
export interface WrittenSpools extends Disposable {
  grew(stream: Stream, sizeBytes: number): void;
}

class SpoolReader implements OutputReader {
  readonly #paths: SpoolPaths;
  readonly #written: () => OutputSizes | undefined;
  readonly #onClose: () => void;
  readonly #handles = new Map<Stream, FileHandle>();
  /** Used again by each read: a new one for each would wait for the garbage collector. */
  #block: Buffer = Buffer.alloc(0);
  /** Kept after the end of the script, when the registry has forgotten it. */
  #sizes: OutputSizes | null = null;

  constructor(paths: SpoolPaths, written: () => OutputSizes | undefined, onClose: () => void) {
    this.#paths = paths;
    this.#written = written;
    this.#onClose = onClose;
  }

  async sizes(): Promise<OutputSizes> {
    this.#sizes ??= this.#written() ?? null;
    if (this.#sizes) return this.#sizes;
    // The script has not begun, or it has ended before this reader came.
    const [stdout, stderr] = await Promise.all([sizeOf(this.#paths.stdout), sizeOf(this.#paths.stderr)]);
    this.#sizes ??= this.#written() ?? null;
    return this.#sizes ?? { stdout, stderr, isFinal: false };
  }

  async read(stream: Stream, offset: number, maxBytes: number): Promise<Uint8Array> {
    let handle = this.#handles.get(stream);
    if (!handle) {
      handle = await open(this.#paths[stream], READ);
      this.#handles.set(stream, handle);
      if (!(await handle.stat()).isFile()) return new Uint8Array();
    }
    if (this.#block.length < maxBytes) this.#block = Buffer.allocUnsafeSlow(maxBytes);
    const { bytesRead } = await handle.read(this.#block, 0, maxBytes, offset);
    return this.#block.subarray(0, bytesRead);
  }

  async close(): Promise<void> {
    this.#onClose();
    for (const handle of this.#handles.values()) await handle.close();
    this.#handles.clear();
  }
}

async function sizeOf(file: string): Promise<number> {
  try {
    const found = await stat(file);
    return found.isFile() ? found.size : 0;
  } catch {
    return 0;
  }
}
