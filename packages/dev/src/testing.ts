/** What the benchmarks take from the running world. Not an interface for other packages. */
export { writeSelfMadeCertificate } from "./certificates/self-made-certificate.ts";
export type { ClusterBackends } from "./cluster/backends.ts";
export { SimulatedDevice } from "./devices/simulated-device.ts";
export { wsNet } from "./devices/ws-net.ts";
export { freePort } from "./free-port.ts";
export { ENTRY, type Runtime, runtimeExecutable } from "./runtimes.ts";
