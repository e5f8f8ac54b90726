/**
 * The messages to a process of simulated devices, and the messages that it sends in addition to its
 * log.
 */
import { type Static, Type } from "typebox";

export const FleetSettings = Type.Object({
  baseUrl: Type.String(),
  devices: Type.Integer({ minimum: 1 }),
  namePrefix: Type.String(),
  enrollmentToken: Type.String(),
  linesFile: Type.String(),
});
export type FleetSettings = Static<typeof FleetSettings>;

export const FleetEnrolled = Type.Object({ word: Type.Literal("enrolled"), machineIds: Type.Array(Type.String()) });
export const FleetLinked = Type.Object({ word: Type.Literal("linked") });
export type FleetMessage = Static<typeof FleetEnrolled> | Static<typeof FleetLinked>;
