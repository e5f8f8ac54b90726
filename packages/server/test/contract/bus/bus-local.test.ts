import { localBus } from "../../../src/bus/local-bus.ts";
import { describeBus } from "./bus.contract.ts";

describeBus("of one node", async () => {
  const bus = localBus();
  return [bus, bus];
});
