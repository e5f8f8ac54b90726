import type { TSchema } from "typebox";
import type { ParameterName } from "./path-template.ts";

/** What JSON can say: an API document is made of it, so nothing else can get in. */
export type Json = null | boolean | number | string | readonly Json[] | JsonObject;
export interface JsonObject {
  readonly [name: string]: Json;
}

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
  /** Name of the schema in the document, for a schema of this operation alone. */
  readonly component?: string;
}

/** By media type. */
export type ContentDoc = Readonly<Record<string, MediaDoc>>;

export type RefusalStatus = 400 | 401 | 403 | 404 | 409 | 410 | 416 | 422 | 429 | 507;

/**
 * What an API document says of an operation in addition to its method, path, access, body and
 * responses.
 */
export interface OperationDoc<Tag extends string = string> {
  /** The chapter. */
  readonly tag: Tag;
  readonly summary: string;
  readonly description?: string;
  /** By name. */
  readonly path?: Readonly<Record<string, ParameterDoc>>;
  readonly query?: Readonly<Record<string, ParameterDoc>>;
  readonly headers?: Readonly<Record<string, ParameterDoc>>;
  /** The example of a JSON body. */
  readonly bodyExample?: Json;
  /** The body, when it is not JSON. */
  readonly body?: ContentDoc;
  /**
   * By status, why. 401 and 429, and the 403 of a missing permission, follow from the access and
   * the rate limit.
   */
  readonly refusals?: Readonly<Partial<Record<RefusalStatus, string>>>;
}

/** Every parameter of the path has to be documented. */
export type PathDoc<Path extends string> = [ParameterName<Path>] extends [never]
  ? unknown
  : { readonly path: Readonly<Record<ParameterName<Path>, ParameterDoc>> };
