import { MachineDetailsWire } from "@halligan/protocol/api";
import { Type } from "typebox";
import { MACHINES } from "../../../odata/entities/machine-fields.ts";
import { ListedMachineCollection } from "../components.ts";
import { odataParameters } from "../odata-parameters.ts";
import { json, type OperationDoc } from "../operation-doc.ts";
import { SAMPLE } from "../sample-values.ts";
import { machineIdParameter } from "./parameters.ts";
import { contextOf, sampleListedMachine } from "./sample-entities.ts";

const details = {
  "@odata.context": contextOf("Machines/$entity"),
  ...sampleListedMachine,
  enrollmentTokenId: SAMPLE.enrollmentTokenId,
  unfinishedActionId: null,
};
const machine = json("The machine.", MachineDetailsWire, details);
const retirement = {
  retiredAt: "2026-11-21T12:30:00.5Z",
  retiredBy: "Administrator",
  retireReason: "Sold",
};
const gone = { onboardingStatus: "CanBeOnboarded", healthStatus: "Inactive", isConnected: false };
const NOT_FOUND = "`ResourceNotFound`: there is no such machine, or it is in none of the user's device groups.";
const BODY_REFUSED = "`InvalidRequestBody`, `MissingRequiredParameter`: the body.";

export const machineLifeDocs = {
  ListMachineDetails: {
    tag: "Machines",
    summary: "List machines with their details",
    description: "The contract's entities with what the contract has no word for; retired machines when asked for.",
    query: {
      state: {
        description: "`inUse`, `retired`, or `all` of them. Default `inUse`.",
        schema: Type.Union([Type.Literal("inUse"), Type.Literal("retired"), Type.Literal("all")]),
        example: "all",
      },
      enrollmentTokenId: {
        description: "Only machines that enrolled with the token of this id.",
        schema: Type.String(),
      },
      ...odataParameters(MACHINES, { $orderby: "computerDnsName" }),
    },
    answers: {
      200: json("One page of them.", ListedMachineCollection, {
        "@odata.context": contextOf("Machines"),
        value: [sampleListedMachine],
      }),
    },
    refusals: {
      400: "`ODataError`: the value of a query option; the message says where. `InvalidInput`: an option that does not exist, or `state`.",
    },
  },
  GetMachineDetails: {
    tag: "Machines",
    summary: "Get a machine with its details",
    description: "Retired machines too. A name finds a machine in use before a retired one.",
    path: { id: { ...machineIdParameter, description: "Id of the machine, or its computer name." } },
    answers: { 200: machine },
    refusals: { 400: "`InvalidInput`: the name is that of several machines.", 404: NOT_FOUND },
  },
  RenameMachine: {
    tag: "Machines",
    summary: "Rename a machine",
    description:
      "From then on `computerDnsName` is this name: in entities, filters, look-ups and new actions. " +
      "With `null` it is the device's own name again.",
    path: { id: machineIdParameter },
    bodyExample: { name: "build-07-west" },
    answers: {
      200: json("The machine.", MachineDetailsWire, {
        ...details,
        computerDnsName: "build-07-west",
        displayName: "build-07-west",
      }),
    },
    refusals: { 400: BODY_REFUSED, 404: NOT_FOUND },
  },
  ReplaceMachineTags: {
    tag: "Machines",
    summary: "Replace all tags of a machine",
    path: { id: machineIdParameter },
    bodyExample: { tags: ["lab"] },
    answers: { 200: machine },
    refusals: { 400: BODY_REFUSED, 404: NOT_FOUND },
  },
  RetireMachine: {
    tag: "Machines",
    summary: "Retire a machine",
    description:
      "Refuses its key from then on, ends its open actions as Failed with this reason in their errors, and closes its " +
      "connection. Its history stays. Repeating it changes nothing.",
    path: { id: machineIdParameter },
    bodyExample: { reason: retirement.retireReason },
    answers: {
      200: json("The machine.", MachineDetailsWire, { ...details, ...gone, ...retirement, state: "retired" }),
    },
    refusals: { 400: BODY_REFUSED, 404: NOT_FOUND },
  },
  ReinstateMachine: {
    tag: "Machines",
    summary: "Reinstate a retired machine",
    description:
      "Accepts its key again; its agent, where it still runs, connects within a minute. What the retirement ended stays " +
      "ended. Repeating it changes nothing.",
    path: { id: machineIdParameter },
    answers: { 200: machine },
    refusals: { 404: NOT_FOUND },
  },
  QuarantineMachine: {
    tag: "Machines",
    summary: "Put a machine in quarantine",
    description:
      "For a device that is not trusted. Refuses its key, ends its open actions as Failed with this reason in their errors, and " +
      "closes its connection. Repeating it changes nothing.",
    path: { id: machineIdParameter },
    bodyExample: { reason: "Under investigation" },
    answers: {
      200: json("The machine.", MachineDetailsWire, {
        ...details,
        onboardingStatus: "InsufficientInfo",
        isConnected: false,
        state: "quarantined",
        quarantineReason: "Under investigation",
      }),
    },
    refusals: { 400: BODY_REFUSED, 404: NOT_FOUND },
  },
  ReleaseMachine: {
    tag: "Machines",
    summary: "End the quarantine of a machine",
    description:
      "Its device may connect again. Of two devices with one key the first to connect is the machine from then on. What the " +
      "quarantine ended stays ended. Repeating it changes nothing.",
    path: { id: machineIdParameter },
    answers: { 200: machine },
    refusals: { 404: NOT_FOUND },
  },
  DeleteMachine: {
    tag: "Machines",
    summary: "Remove a retired machine",
    description:
      "It is in no list and found by nothing any more. Its actions and audit records stay, and its key stays refused.",
    path: { id: machineIdParameter },
    answers: { 204: { description: "It is removed." } },
    refusals: { 400: "`BadRequest`: it is in use; retire it first.", 404: NOT_FOUND },
  },
} as const satisfies Record<string, OperationDoc>;
