import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import type { Answer, Api } from "./api.ts";

export interface UploadFields {
  readonly Description?: string;
  readonly HasParameters?: string;
  readonly ParametersDescription?: string;
  readonly OverrideIfExists?: string;
}

/**
 * Library files of one test file: under a prefix of its own, so that an outside server's library is
 * left as it was.
 */
export class LibraryOfTest implements AsyncDisposable {
  readonly #api: Api;
  readonly #prefix = `wire-${randomBytes(4).toString("hex")}`;
  readonly #names = new Set<string>();

  constructor(api: Api) {
    this.#api = api;
  }

  /** A name of this run that is removed at its end if it is there. */
  name(short: string): string {
    const name = `${this.#prefix}-${short}`;
    this.#names.add(name);
    return name;
  }

  upload(name: string, content: string | Uint8Array<ArrayBuffer>, fields: UploadFields = {}): Promise<Answer> {
    const form = new FormData();
    form.append("file", new Blob([content], { type: "application/octet-stream" }), name);
    for (const [key, value] of Object.entries(fields)) form.append(key, String(value));
    return this.#api.send("POST", "/api/libraryfiles", { body: form });
  }

  /** Adds a file, in place of one of that name; its name in the library. */
  async add(short: string, content: string | Uint8Array<ArrayBuffer>): Promise<string> {
    const name = this.name(short);
    const answer = await this.upload(name, content, { OverrideIfExists: "true" });
    assert.equal(answer.status, 200, answer.text);
    return name;
  }

  /** A script for the POSIX shell. */
  script(short: string, text: string): Promise<string> {
    return this.add(`${short}.sh`, `#!/bin/sh\n${text}\n`);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const name of this.#names) await this.#api.send("DELETE", `/api/libraryfiles/${name}`);
  }
}
