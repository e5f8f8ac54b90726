import { SimulatedDevice, wsNet } from "@halligan/dev/testing";
import type { Api } from "../load/api.ts";
import { instantRunner, logOf } from "./device-ports.ts";

/** A simulated device whose commands end at once, and its counts. */
export class Device implements AsyncDisposable {
  onOrder: () => void = () => undefined;
  readonly #device: SimulatedDevice;
  #forgotten = 0;
  #whenForgotten: (() => void) | null = null;

  private constructor(device: SimulatedDevice) {
    this.#device = device;
  }

  static async enroll(api: Api, name: string, token: string): Promise<Device> {
    return new Device(await SimulatedDevice.enroll((request) => api.enroll(request), name, token));
  }

  get machineId(): string {
    return this.#device.machineId;
  }

  /** Called when the connection is up. */
  set onUp(told: () => void) {
    this.#device.onUp = told;
  }

  /**
   * Orders whose end the server has acknowledged: after its commit, so the action is final then.
   */
  get forgotten(): number {
    return this.#forgotten;
  }

  /** Resolves at the next acknowledged order. One caller a device waits. */
  nextForgotten(): Promise<void> {
    return new Promise((resolve) => {
      this.#whenForgotten = resolve;
    });
  }

  connect(baseUrl: string, ca: string | null): void {
    this.#device.connect({
      net: wsNet(baseUrl, ca),
      log: logOf(() => this.onOrder()),
      runner: () => instantRunner(() => this.#onForgotten()),
    });
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#device[Symbol.asyncDispose]();
  }

  #onForgotten(): void {
    this.#forgotten += 1;
    this.#whenForgotten?.();
    this.#whenForgotten = null;
  }
}
