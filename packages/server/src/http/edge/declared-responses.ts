import type { Static, TSchema } from "typebox";
import type {
  BytesResponse,
  EmptyResponse,
  ErrorResponse,
  EventsResponse,
  JsonResponse,
  LateJsonResponse,
} from "./http-response.ts";
import type { ContentDoc, Json, MediaDoc } from "./operation-doc.ts";

/** A JSON body of this schema. */
export interface DeclaredJson<T extends TSchema = TSchema> {
  readonly kind: "json";
  readonly description: string;
  readonly content: { readonly "application/json": MediaDoc & { readonly schema: T } };
}

/** A page of an OData list. `$select` leaves out properties of its items. */
export interface DeclaredPage<T extends TSchema = TSchema> {
  readonly kind: "page";
  readonly description: string;
  readonly content: { readonly "application/json": MediaDoc & { readonly schema: T } };
}

export interface DeclaredEmpty {
  readonly kind: "empty";
  readonly description: string;
  readonly content?: undefined;
}

/** Bytes of any of these media types. */
export interface DeclaredBytes {
  readonly kind: "bytes";
  readonly description: string;
  readonly content: ContentDoc;
}

export interface DeclaredEvents {
  readonly kind: "events";
  readonly description: string;
  readonly content: ContentDoc;
}

export type DeclaredResponse = DeclaredJson | DeclaredPage | DeclaredEmpty | DeclaredBytes | DeclaredEvents;

/**
 * The responses of an operation by status, without its refusals. Empty for an operation that is
 * always refused.
 */
export type Responses = Readonly<Record<number, DeclaredResponse>>;

/** `component`: see {@link MediaDoc}. */
export const json = <T extends TSchema>(
  description: string,
  schema: T,
  example?: Json,
  component?: string,
): DeclaredJson<T> => ({
  kind: "json",
  description,
  content: {
    "application/json": {
      schema,
      ...(example !== undefined && { example }),
      ...(component !== undefined && { component }),
    },
  },
});

export const page = <T extends TSchema>(description: string, schema: T, example?: Json): DeclaredPage<T> => ({
  ...json(description, schema, example),
  kind: "page",
});

export const empty = (description: string): DeclaredEmpty => ({ kind: "empty", description });

export const bytes = (description: string, content: ContentDoc): DeclaredBytes => ({
  kind: "bytes",
  description,
  content,
});

export const events = (description: string, content: ContentDoc): DeclaredEvents => ({
  kind: "events",
  description,
  content,
});

/** What a handler may return for one declared response. */
type ResponseFor<Status extends number, Declared> =
  Declared extends DeclaredJson<infer T>
    ? JsonResponse<Status, Static<T>> | LateJsonResponse<Status, Static<T>>
    : Declared extends DeclaredPage<infer T>
      ? JsonResponse<Status, PageOf<Static<T>>>
      : Declared extends DeclaredEmpty
        ? EmptyResponse<Status>
        : Declared extends DeclaredBytes
          ? BytesResponse<Status>
          : Declared extends DeclaredEvents
            ? EventsResponse
            : never;

type PageOf<List> = List extends { value: readonly (infer Item)[] }
  ? Omit<List, "value"> & { value: Partial<Item>[] }
  : never;

/** What a handler may return: a response that its operation declares, or a refusal. */
export type ResponsesOf<R extends Responses> =
  | ErrorResponse
  | { [Status in keyof R & number]: ResponseFor<Status, R[Status]> }[keyof R & number];
