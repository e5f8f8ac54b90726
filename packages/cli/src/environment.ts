import type { Readable, Writable } from "node:stream";

/** Variables that `halligan` reads; nothing else of the environment is used. */
export interface Variables {
  HALLIGAN_CONFIG?: string | undefined;
  HALLIGAN_PROFILE?: string | undefined;
  HALLIGAN_URL?: string | undefined;
  HALLIGAN_CLIENT_ID?: string | undefined;
  HALLIGAN_CLIENT_SECRET?: string | undefined;
  HALLIGAN_CLIENT_SECRET_FILE?: string | undefined;
  XDG_CONFIG_HOME?: string | undefined;
}

export interface Environment {
  variables: Variables;
  homeFolder: string;
  currentFolder: string;
  stdin: Readable & { isTTY?: boolean; setRawMode?(isRaw: boolean): unknown };
  stdout: Writable & { isTTY?: boolean; columns?: number };
  stderr: Writable & { isTTY?: boolean; columns?: number };
}
