import type { Static, TSchema } from "typebox";
import type { BytesAnswer, EmptyAnswer, ErrorAnswer, EventsAnswer, JsonAnswer, LateJsonAnswer } from "./answer.ts";
import type { ContentDoc, Json, MediaDoc } from "./operation-doc.ts";

/** A JSON body of this schema. */
export interface JsonResponse<T extends TSchema = TSchema> {
  readonly kind: "json";
  readonly description: string;
  readonly content: { readonly "application/json": MediaDoc & { readonly schema: T } };
}

/** A page of an OData list. `$select` leaves out properties of its items. */
export interface PageResponse<T extends TSchema = TSchema> {
  readonly kind: "page";
  readonly description: string;
  readonly content: { readonly "application/json": MediaDoc & { readonly schema: T } };
}

export interface EmptyResponse {
  readonly kind: "empty";
  readonly description: string;
  readonly content?: undefined;
}

/** Bytes of any of these media types. */
export interface BytesResponse {
  readonly kind: "bytes";
  readonly description: string;
  readonly content: ContentDoc;
}

export interface EventsResponse {
  readonly kind: "events";
  readonly description: string;
  readonly content: ContentDoc;
}

export type DeclaredResponse = JsonResponse | PageResponse | EmptyResponse | BytesResponse | EventsResponse;

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
): JsonResponse<T> => ({
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

export const page = <T extends TSchema>(description: string, schema: T, example?: Json): PageResponse<T> => ({
  ...json(description, schema, example),
  kind: "page",
});

export const empty = (description: string): EmptyResponse => ({ kind: "empty", description });

export const bytes = (description: string, content: ContentDoc): BytesResponse => ({
  kind: "bytes",
  description,
  content,
});

export const events = (description: string, content: ContentDoc): EventsResponse => ({
  kind: "events",
  description,
  content,
});

/** What a handler may return for one declared response. */
type AnswerFor<Status extends number, Response> =
  Response extends JsonResponse<infer T>
    ? JsonAnswer<Status, Static<T>> | LateJsonAnswer<Status, Static<T>>
    : Response extends PageResponse<infer T>
      ? JsonAnswer<Status, PageOf<Static<T>>>
      : Response extends EmptyResponse
        ? EmptyAnswer<Status>
        : Response extends BytesResponse
          ? BytesAnswer<Status>
          : Response extends EventsResponse
            ? EventsAnswer
            : never;

type PageOf<List> = List extends { value: readonly (infer Item)[] }
  ? Omit<List, "value"> & { value: Partial<Item>[] }
  : never;

/** What a handler may return: an answer that its operation declares, or a refusal. */
export type AnswersOf<R extends Responses> =
  | ErrorAnswer
  | { [Status in keyof R & number]: AnswerFor<Status, R[Status]> }[keyof R & number];
