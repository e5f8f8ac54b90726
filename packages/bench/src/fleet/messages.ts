/**
 * Messages between the benchmark and a process of simulated devices. Each is one line of JSON.
 */
import { type Static, Type } from "typebox";

const Texts = Type.Array(Type.String(), { minItems: 1 });

export const FleetRequest = Type.Union([
  Type.Object({
    type: Type.Literal("enroll"),
    devices: Type.Integer({ minimum: 1 }),
    namePrefix: Type.String(),
    /** Device i has its link to one of them. */
    baseUrls: Texts,
    /** Its caller is at the same one, or at the next, so that work crosses from node to node. */
    callersAt: Type.Union([Type.Literal("same"), Type.Literal("next")]),
    ca: Type.Union([Type.String(), Type.Null()]),
    enrollmentToken: Type.String(),
    accessToken: Type.String(),
  }),
  /** Answered when every device is linked. */
  Type.Object({ type: Type.Literal("link") }),
  /**
   * Asked before the server stops; answered when every device has lost its link and has one again.
   */
  Type.Object({ type: Type.Literal("awaitReturn") }),
  /**
   * So many actions, one at a time; answered with how long each took from its POST to the order in
   * the device's journal.
   */
  Type.Object({ type: Type.Literal("dispatch"), actions: Type.Integer({ minimum: 1 }) }),
  /**
   * Every device's caller starts one action after another for so long; answered when the last of
   * them has ended.
   */
  Type.Object({ type: Type.Literal("work"), warmUpMs: Type.Integer(), measureMs: Type.Integer() }),
]);
export type FleetRequest = Static<typeof FleetRequest>;

export const Enrolled = Type.Object({ machineIds: Type.Array(Type.String()) });
export const Linked = Type.Object({ linkedMs: Type.Number() });
/** Unix milliseconds of each device's return: the processes of one machine share its clock. */
export const Returned = Type.Object({ returnedAtMs: Type.Array(Type.Number()) });
export const Dispatched = Type.Object({ timesMs: Type.Array(Type.Number()) });
export const Worked = Type.Object({
  /** Of the whole run, warm-up and drain included. */
  accepted: Type.Integer(),
  ended: Type.Integer(),
  /** Ended within the measured time. */
  measured: Type.Integer(),
  measuredMs: Type.Number(),
  p50Ms: Type.Number(),
  p99Ms: Type.Number(),
});
export type Worked = Static<typeof Worked>;

/** The request could not be done; the process goes on. */
export const FleetFailure = Type.Object({ failure: Type.String() });
