import type { Readable, Writable } from "node:stream";
import type { CliNetwork } from "./network/cli-network.ts";
import type { Variables } from "./variables.ts";

export interface Environment {
  variables: Variables;
  network: CliNetwork;
  homeFolder: string;
  currentFolder: string;
  stdin: Readable & { isTTY?: boolean; setRawMode?(isRaw: boolean): unknown };
  stdout: Writable & { isTTY?: boolean; columns?: number };
  stderr: Writable & { isTTY?: boolean; columns?: number };
}
