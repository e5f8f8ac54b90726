import {
  ActionEvidenceWire,
  ActionResultsWire,
  ActionTimingWire,
  ApplicationListWire,
  ApplicationWire,
  AuditListWire,
  AuditRecordWire,
  CancelRequest,
  Collection,
  CommandRequest,
  CommandStatusWire,
  CreateApplicationRequest,
  CreateEnrollmentTokenRequest,
  DeviceGroupListWire,
  DeviceGroupRequest,
  DeviceGroupWire,
  EnrollmentTokenListWire,
  EnrollmentTokenSummaryWire,
  EnrollmentTokenWire,
  ErrorWire,
  InfoWire,
  InstanceDiscoveryWire,
  LibraryFileVersionListWire,
  LibraryFileWire,
  ListedMachineWire,
  MachineActionStatusWire,
  MachineActionWire,
  MachineDetailsWire,
  MachineDeviceGroupRequest,
  MachineTagsRequest,
  MachineWire,
  NewApplicationWire,
  OpenIdConfigurationWire,
  RemediationLevelWire,
  RenameMachineRequest,
  ReplaceMachineTagsRequest,
  ResultLinkWire,
  RetireMachineRequest,
  RunLiveResponseRequest,
  StagedContentWire,
  StartCommandRequest,
  StartLiveResponseRequest,
  TokenErrorWire,
  TokenKeysWire,
  TokenWire,
  TranscriptWire,
  TransferWire,
} from "@halligan/protocol/api";
import { CompleteUpload, EnrollRequest, EnrollResponse, MachineFacts, MachineIpAddress } from "@halligan/protocol/link";
import { type TSchema, Type } from "typebox";
import type { ContentDoc } from "../edge/operation-doc.ts";
import type { Json, JsonObject } from "./json.ts";

export const MachineCollection = Collection(MachineWire);
export const ListedMachineCollection = Collection(ListedMachineWire);
export const MachineActionCollection = Collection(MachineActionWire);
export const LibraryFileCollection = Collection(LibraryFileWire);
export const AlertCollection = Collection(Type.Unknown());
/**
 * v1 answers with three properties more than v2, and with numbers as text.
 * `docs/contract/auth.md#token-requests`.
 */
export const TokenV1Wire = Type.Object({
  ...TokenWire.properties,
  expires_on: Type.String(),
  not_before: Type.String(),
  resource: Type.String(),
});

/** Schemas that have a name in the document, so that code made from it has types with names. The rest stands where it is used. */
export const COMPONENTS: Readonly<Record<string, TSchema>> = {
  RunLiveResponseRequest,
  StartLiveResponseRequest,
  StartCommand: StartCommandRequest,
  StagedContent: StagedContentWire,
  Command: CommandRequest,
  CommandStatus: CommandStatusWire,
  MachineAction: MachineActionWire,
  MachineActionStatus: MachineActionStatusWire,
  MachineActionCollection,
  ActionTiming: ActionTimingWire,
  ActionResults: ActionResultsWire,
  ActionEvidence: ActionEvidenceWire,
  CancelRequest,
  ResultLink: ResultLinkWire,
  Transcript: TranscriptWire,
  Transfer: TransferWire,
  Machine: MachineWire,
  MachineCollection,
  MachineDetails: MachineDetailsWire,
  ListedMachine: ListedMachineWire,
  ListedMachineCollection,
  RenameMachineRequest,
  ReplaceMachineTagsRequest,
  RetireMachineRequest,
  MachineTagsRequest,
  AlertCollection,
  LibraryFile: LibraryFileWire,
  LibraryFileCollection,
  LibraryFileVersionList: LibraryFileVersionListWire,
  Token: TokenWire,
  TokenV1: TokenV1Wire,
  OpenIdConfiguration: OpenIdConfigurationWire,
  TokenKeys: TokenKeysWire,
  InstanceDiscovery: InstanceDiscoveryWire,
  TokenError: TokenErrorWire,
  Error: ErrorWire,
  Info: InfoWire,
  CreateApplicationRequest,
  Application: ApplicationWire,
  NewApplication: NewApplicationWire,
  ApplicationList: ApplicationListWire,
  CreateEnrollmentTokenRequest,
  EnrollmentToken: EnrollmentTokenWire,
  EnrollmentTokenSummary: EnrollmentTokenSummaryWire,
  EnrollmentTokenList: EnrollmentTokenListWire,
  RemediationLevel: RemediationLevelWire,
  DeviceGroupRequest,
  DeviceGroup: DeviceGroupWire,
  DeviceGroupList: DeviceGroupListWire,
  MachineDeviceGroupRequest,
  AuditRecord: AuditRecordWire,
  AuditList: AuditListWire,
  EnrollRequest,
  EnrollResponse,
  MachineFacts,
  MachineIpAddress,
  CompleteUpload,
};

/** By their text, because a schema that is put into another one is not always the same object there. */
const NAMES = new Map(Object.entries(COMPONENTS).map(([name, schema]) => [JSON.stringify(schema), name]));

/** A schema as JSON, with references wherever it has one that has a name. */
export const schemaJson = (schema: unknown): Json => {
  const name = typeof schema === "object" ? NAMES.get(JSON.stringify(schema)) : undefined;
  return name === undefined ? withReferences(schema) : { $ref: `#/components/schemas/${name}` };
};

export const componentSchemas = (): JsonObject =>
  Object.fromEntries(Object.entries(COMPONENTS).map(([name, schema]) => [name, withReferences(schema)]));

function withReferences(value: unknown): Json {
  if (value === null || typeof value === "string" || typeof value === "number" || typeof value === "boolean")
    return value;
  if (Array.isArray(value)) return value.map(schemaJson);
  if (typeof value !== "object") throw new Error(`a schema cannot hold a ${typeof value}`);
  return Object.fromEntries(Object.entries(value).map(([name, part]) => [name, schemaJson(part)]));
}

export const contentJson = (content: ContentDoc): JsonObject =>
  Object.fromEntries(
    Object.entries(content).map(([type, { schema, example }]) => [
      type,
      { schema: schemaJson(schema), ...(example !== undefined && { example }) },
    ]),
  );
