import type { TSchema } from "typebox";
import type { Json } from "./json.ts";

/** The chapters of the document, in its order. */
export const TAGS = {
  "Live response": "Run commands on one device and fetch what they brought.",
  "Machine actions": "Requests for a device and how far they are.",
  Machines: "Devices that are enrolled.",
  Library: "Scripts and tools that live response puts on devices and runs there.",
  Tokens: "Where applications get their bearer tokens.",
  Halligan: "What the contract has no word for: applications, enrollment, device groups, the audit log.",
  Agents: "For the program on the device. Bytes travel here, beside its WebSocket link at `/agent/v1/link`.",
} as const;
export type Tag = keyof typeof TAGS;

/** `example`: part of the example request; a parameter without one is not sent in it. */
export interface ParameterDoc {
  readonly description: string;
  readonly schema: TSchema;
  readonly example?: string | number | boolean;
  /** Of query and header parameters; those of the path always are. */
  readonly required?: true;
}

export interface MediaDoc {
  readonly schema: TSchema;
  readonly example?: Json;
}

/** By media type. */
export type ContentDoc = Readonly<Record<string, MediaDoc>>;

export interface AnswerDoc {
  readonly description: string;
  /** None for an empty answer. */
  readonly content?: ContentDoc;
}

export type RefusalStatus = 400 | 401 | 403 | 404 | 409 | 410 | 416 | 429 | 507;

/**
 * What the route table cannot say of an operation. Method, path, access and the schema of a JSON body stand there, and the document
 * takes them from there.
 */
export interface OperationDoc {
  readonly tag: Tag;
  readonly summary: string;
  readonly description?: string;
  /** Every parameter of the path, by name. */
  readonly path?: Readonly<Record<string, ParameterDoc>>;
  readonly query?: Readonly<Record<string, ParameterDoc>>;
  readonly headers?: Readonly<Record<string, ParameterDoc>>;
  /** The example of a JSON body. */
  readonly bodyExample?: Json;
  /** The body, when it is not JSON. */
  readonly body?: ContentDoc;
  /** By status; empty for what is only ever refused. */
  readonly answers: Readonly<Record<number, AnswerDoc>>;
  /** By status, why. 401 and 429, and the 403 of a missing permission, follow from the route table. */
  readonly refusals?: Readonly<Partial<Record<RefusalStatus, string>>>;
}

export const json = (description: string, schema: TSchema, example?: Json): AnswerDoc => ({
  description,
  content: { "application/json": { schema, ...(example !== undefined && { example }) } },
});
