import { fileURLToPath } from "node:url";
import type { Static, TSchema } from "typebox";
import { Value } from "typebox/value";
import type { Api } from "../load/api.ts";
import { RequestProcess } from "../processes/request-process.ts";
import { Dispatched, Enrolled, FleetFailure, type FleetRequest, Linked, Returned, Worked } from "./messages.ts";

/** A process of simulated devices, from where they are started. */
export class FleetProcess implements AsyncDisposable {
  readonly #process: RequestProcess;
  readonly #name: string;

  constructor(name: string) {
    this.#name = name;
    const main = fileURLToPath(new URL("./fleet-main.ts", import.meta.url));
    this.#process = new RequestProcess(name, process.execPath, [main]);
  }

  get pid(): number {
    return this.#process.pid;
  }

  /** The machine ids of so many new devices. `baseUrls`: one, or the nodes of a cluster. */
  async enroll(
    api: Api,
    devices: number,
    baseUrls: readonly string[],
    { ca = null, callersAt = "next" }: { ca?: string | null; callersAt?: "same" | "next" } = {},
  ): Promise<string[]> {
    const request: FleetRequest = {
      type: "enroll",
      devices,
      namePrefix: this.#name,
      baseUrls: [...baseUrls],
      callersAt,
      ca,
      enrollmentToken: await api.createEnrollmentToken(devices),
      accessToken: api.token,
    };
    return (await this.#ask(request, Enrolled)).machineIds;
  }

  async link(): Promise<number> {
    return (await this.#ask({ type: "link" }, Linked)).linkedMs;
  }

  /** Unix milliseconds at which each device was back. */
  async awaitReturn(): Promise<number[]> {
    return (await this.#ask({ type: "awaitReturn" }, Returned)).returnedAtMs;
  }

  /** Milliseconds from each POST to the order in its device's journal. */
  async dispatch(actions: number): Promise<number[]> {
    return (await this.#ask({ type: "dispatch", actions }, Dispatched)).timesMs;
  }

  work(warmUpMs: number, measureMs: number): Promise<Worked> {
    return this.#ask({ type: "work", warmUpMs, measureMs }, Worked);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#process[Symbol.asyncDispose]();
  }

  async #ask<T extends TSchema>(request: FleetRequest, schema: T): Promise<Static<T>> {
    const answer = await this.#process.ask(request);
    if (Value.Check(FleetFailure, answer)) throw new Error(`${this.#name}: ${answer.failure}`);
    return Value.Parse(schema, answer);
  }
}
