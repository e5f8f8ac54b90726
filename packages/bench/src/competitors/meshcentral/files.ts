import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { open } from "node:fs/promises";
import { basename, join } from "node:path";
import { systemClock, withDeadline } from "@halligan/protocol/time";
import type { RawData, WebSocket } from "ws";
import type { FileMoves } from "../competitor.ts";
import { type MeshControl, type MeshLogin, openMeshSocket } from "./control.ts";

/** As `meshctrl` has them: the size of a block, and how many are sent before an acknowledgement. */
const BLOCK_BYTES = 65_564;
const BLOCKS_IN_FLIGHT = 16;
const TIMEOUT_MS = 30_000;
const FILES_PROTOCOL = "5";

/** `meshctrl upload` and `meshctrl download`, without a process of its own for each. */
export function meshFiles(control: MeshControl, login: MeshLogin, nodeId: string, deviceFolder: string): FileMoves {
  return {
    async put(file) {
      using tunnel = await Tunnel.open(control, login, nodeId);
      await using source = await open(file, "r");
      const { size } = await source.stat();
      tunnel.send({ action: "upload", reqid: "up", path: deviceFolder, name: basename(file), size });
      let [inFlight, at] = [1, 0];
      for await (const data of tunnel.messages()) {
        const text = String(data);
        if (text.includes('"uploaderror"')) throw new Error("MeshCentral refused the upload");
        const isStart = text.includes('"uploadstart"');
        if (!isStart && !text.includes('"uploadack"')) continue;
        inFlight -= 1;
        for (let block = 0; block < (isStart ? BLOCKS_IN_FLIGHT : 1) && at < size; block += 1) {
          const { buffer, bytesRead } = await source.read(Buffer.alloc(BLOCK_BYTES), 0, BLOCK_BYTES, at);
          at += bytesRead;
          inFlight += 1;
          const bytes = buffer.subarray(0, bytesRead);
          // A block that could be taken for a control message begins with one more zero.
          tunnel.sendBytes(bytes[0] === 0 || bytes[0] === 0x7b ? Buffer.concat([Buffer.alloc(1), bytes]) : bytes);
        }
        if (at >= size && inFlight === 0) break;
      }
      return join(deviceFolder, basename(file));
    },
    async get(path, to) {
      using tunnel = await Tunnel.open(control, login, nodeId);
      await using target = await open(to, "w", 0o600);
      tunnel.send({ action: "download", sub: "start", id: path, path });
      for await (const data of tunnel.messages()) {
        if (data[0] === 0x7b) {
          const text = data.toString("utf8");
          if (text.includes('"cancel"')) throw new Error("MeshCentral refused the download");
          if (text.includes('"start"')) tunnel.send({ action: "download", sub: "startack", id: path });
          continue;
        }
        // Four bytes of control before the content; the last bit of them marks the end.
        if (data.length > 4) await target.write(data, 4);
        if (((data[3] ?? 0) & 1) !== 0) break;
        tunnel.send({ action: "download", sub: "ack", id: path });
      }
    },
  };
}

/** A connection to the agent through the server. */
class Tunnel implements Disposable {
  readonly #socket: WebSocket;
  readonly #received: Buffer[] = [];
  #wake: () => void = () => undefined;

  private constructor(socket: WebSocket) {
    this.#socket = socket;
    socket.on("message", (data: RawData) => {
      this.#received.push(Array.isArray(data) ? Buffer.concat(data) : Buffer.from(data as Buffer));
      this.#wake();
    });
    socket.on("close", () => this.#wake());
    socket.on("error", () => socket.terminate());
  }

  static async open(control: MeshControl, login: MeshLogin, nodeId: string): Promise<Tunnel> {
    const { cookie, rcookie } = await control.askByAction("authcookie", TIMEOUT_MS);
    const id = randomBytes(6).toString("hex");
    const query = `p=${FILES_PROTOCOL}&nodeid=${encodeURIComponent(nodeId)}&id=${id}`;
    control.send({
      ...{ action: "msg", nodeid: nodeId, type: "tunnel", usage: 1, responseid: id },
      value: `*/meshrelay.ashx?p=${FILES_PROTOCOL}&nodeid=${nodeId}&id=${id}&rauth=${rcookie}`,
    });
    const socket = openMeshSocket(login, `/meshrelay.ashx?browser=1&${query}&auth=${cookie}`);
    const tunnel = new Tunnel(socket);
    await once(socket, "open");
    for await (const data of tunnel.messages()) if (String(data) === "c") break;
    socket.send(FILES_PROTOCOL);
    return tunnel;
  }

  send(request: object): void {
    this.#socket.send(JSON.stringify(request));
  }

  sendBytes(bytes: Buffer): void {
    this.#socket.send(bytes);
  }

  /** At most what was acknowledged is on its way, so what waits here is bounded. */
  async *messages(): AsyncGenerator<Buffer> {
    for (;;) {
      const next = this.#received.shift();
      if (next) {
        yield next;
        continue;
      }
      if (this.#socket.readyState > this.#socket.OPEN) throw new Error("MeshCentral closed the tunnel");
      await this.#oneMore();
    }
  }

  [Symbol.dispose](): void {
    this.#socket.terminate();
  }

  async #oneMore(): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#wake = resolve;
    const message = `nothing arrived in ${TIMEOUT_MS} ms`;
    await withDeadline(systemClock, TIMEOUT_MS, undefined, message, () => promise);
  }
}
