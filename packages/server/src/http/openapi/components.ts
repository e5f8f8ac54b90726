import {
  ActionWithResultsWire,
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
  DownloadUrlWire,
  EnrollmentTokenListWire,
  EnrollmentTokenSummaryWire,
  EnrollmentTokenWire,
  ErrorWire,
  InfoWire,
  InlineResultWire,
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
import type { Operation } from "../edge/operation.ts";
import type { ContentDoc, MediaDoc } from "../edge/operation-doc.ts";
import type { Json, JsonObject } from "./json.ts";

export const MachineCollection = Collection(MachineWire);
export const ListedMachineCollection = Collection(ListedMachineWire);
export const MachineActionCollection = Collection(MachineActionWire);
export const ActionWithResultsCollection = Collection(ActionWithResultsWire);
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

/**
 * Schemas of several operations, which have a name in the document, so that code made from it has
 * types with names. A schema of one operation is named there. The rest stands where it is used.
 */
const ACTION_COMPONENTS: Readonly<Record<string, TSchema>> = {
  RunLiveResponseRequest,
  StartLiveResponseRequest,
  StartCommand: StartCommandRequest,
  StagedContent: StagedContentWire,
  Command: CommandRequest,
  CommandStatus: CommandStatusWire,
  MachineAction: MachineActionWire,
  ActionWithResults: ActionWithResultsWire,
  InlineResult: InlineResultWire,
  MachineActionStatus: MachineActionStatusWire,
  MachineActionCollection,
  ActionWithResultsCollection,
};
const OTHER_COMPONENTS: Readonly<Record<string, TSchema>> = {
  CancelRequest,
  ResultLink: DownloadUrlWire,
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

/**
 * By their text, because a schema that is put into another one is not always the same object there.
 */
const NAMES = new Map(
  Object.entries({ ...ACTION_COMPONENTS, ...OTHER_COMPONENTS }).map(([name, schema]) => [JSON.stringify(schema), name]),
);

const reference = (name: string): JsonObject => ({ $ref: `#/components/schemas/${name}` });

/** A schema as JSON, with references wherever it has one that has a name. */
export const schemaJson = (schema: unknown): Json => {
  const name = typeof schema === "object" ? NAMES.get(JSON.stringify(schema)) : undefined;
  return name === undefined ? withReferences(schema) : reference(name);
};

/**
 * All that have a name. Those of one operation stand after the ones of actions, which most of them
 * belong to.
 */
export function componentSchemas(operations: readonly Pick<Operation<never>, "responses">[]): JsonObject {
  const declared = operations
    .flatMap(({ responses }) => Object.values(responses))
    .flatMap(({ content = {} }) => Object.values<MediaDoc>(content))
    .flatMap(({ schema, component }) => (component === undefined ? [] : [[component, schema] as const]));
  const all = { ...ACTION_COMPONENTS, ...Object.fromEntries(declared), ...OTHER_COMPONENTS };
  return Object.fromEntries(Object.entries(all).map(([name, schema]) => [name, withReferences(schema)]));
}

function withReferences(value: unknown): Json {
  if (value === null || typeof value === "string" || typeof value === "number" || typeof value === "boolean")
    return value;
  if (Array.isArray(value)) return value.map(schemaJson);
  if (typeof value !== "object") throw new Error(`a schema cannot hold a ${typeof value}`);
  return Object.fromEntries(Object.entries(value).map(([name, part]) => [name, schemaJson(part)]));
}

export const contentJson = (content: ContentDoc): JsonObject =>
  Object.fromEntries(
    Object.entries(content).map(([type, { schema, example, component }]) => [
      type,
      {
        schema: component === undefined ? schemaJson(schema) : reference(component),
        ...(example !== undefined && { example }),
      },
    ]),
  );
