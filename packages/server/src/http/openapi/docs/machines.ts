import { MachineWire } from "@halligan/protocol/api";
import { Type } from "typebox";
import { MACHINES } from "../../../odata/entities/machine-fields.ts";
import { MachineCollection } from "../components.ts";
import { odataParameters } from "../odata-parameters.ts";
import { json, type OperationDoc } from "../operation-doc.ts";
import { SAMPLE } from "../sample-values.ts";
import { machineIdParameter } from "./parameters.ts";
import { contextOf, sampleMachine } from "./sample-entities.ts";

const machine = json("The machine.", MachineWire, {
  "@odata.context": contextOf("Machines/$entity"),
  ...sampleMachine,
});
const machines = json("The machines.", MachineCollection, {
  "@odata.context": contextOf("Machines"),
  value: [sampleMachine],
});
const NOT_FOUND = "`ResourceNotFound`: there is no such machine, or it is in none of the user's device groups.";

export const machineDocs = {
  ListMachines: {
    tag: "Machines",
    summary: "List machines",
    description: "Those of the user's device groups; an application sees all. Retired machines are not among them.",
    query: odataParameters(MACHINES, { $filter: "onboardingStatus eq 'Onboarded'", $orderby: "computerDnsName" }),
    answers: { 200: { ...machines, description: "One page of them." } },
    refusals: { 400: "`ODataError`: a query option; the message says where." },
  },
  FindMachinesByTag: {
    tag: "Machines",
    summary: "Find machines by tag",
    query: {
      tag: { description: "The tag.", schema: Type.String(), example: "lab", required: true },
      useStartsWithFilter: {
        description: "Whether tags that begin so count too. Default false.",
        schema: Type.Boolean(),
        example: false,
      },
    },
    answers: { 200: machines },
    refusals: { 400: "`MissingRequiredParameter`: `tag`. `InvalidInput`: `useStartsWithFilter`." },
  },
  FindMachinesByIp: {
    tag: "Machines",
    summary: "Find machines by IP address",
    description: "Machines that name this address, or came from it, and were there within 15 minutes of that time.",
    path: {
      ip: { description: "The address, in single quotes.", schema: Type.String(), example: `'${SAMPLE.ipAddress}'` },
      timestamp: {
        description: "A time of the past 30 days.",
        schema: Type.String({ format: "date-time" }),
        example: SAMPLE.timestamp,
      },
    },
    answers: { 200: machines },
    refusals: { 400: "`InvalidInput`: the address, or a time that is not of the past 30 days." },
  },
  GetMachine: {
    tag: "Machines",
    summary: "Get a machine",
    path: { id: { ...machineIdParameter, description: "Id of the machine, or its computer name." } },
    answers: { 200: machine },
    refusals: { 400: "`InvalidInput`: the name is that of several machines.", 404: NOT_FOUND },
  },
  SetMachineTags: {
    tag: "Machines",
    summary: "Add or remove a tag",
    description: "Adding a tag that is there, or removing one that is not, changes nothing and is no fault.",
    path: { id: machineIdParameter },
    bodyExample: { Value: "lab", Action: "Add" },
    answers: { 200: machine },
    refusals: {
      400: "`InvalidInput`: a machine has at most 100 tags. `InvalidRequestBody`, `MissingRequiredParameter`: the body.",
      404: NOT_FOUND,
    },
  },
} as const satisfies Record<string, OperationDoc>;
