import { accountOf } from "../../auth/caller.ts";
import { addressKey } from "../../network/address-key.ts";
import type { Access, AccessRule, Admitted } from "./access.ts";
import { namesOf } from "./admitted-names.ts";
import type { BodyKind } from "./body/body-kinds.ts";
import type { Responses, ResponsesOf } from "./declared-responses.ts";
import type { HttpRequest, RateLimit, RequestFacts } from "./http-request.ts";
import type { HttpResponse } from "./http-response.ts";
import type { OperationDoc, PathDoc } from "./operation-doc.ts";
import { hasParameters, type PathParameters, pathTemplate } from "./path-template.ts";
import { type QueryOptions, readQueryOptions } from "./query-options.ts";
import type { BodyOwner } from "./unfinished-bodies.ts";

export type HttpMethod = "GET" | "POST" | "PUT" | "PATCH" | "DELETE";

/**
 * What a handler gets: the facts, who is calling (`caller` or `ticket`, by the access), and the
 * body in the type of its kind.
 */
export type OperationRequest<Path extends string, Who extends Admitted, Body> = Omit<RequestFacts, "params"> &
  Who & {
    /** Decoded, in the letter case of the request. */
    readonly params: PathParameters<Path>;
    readonly body: Body;
    /** Of those that the operation declares, by their declared names. */
    readonly options: ReadonlyMap<string, string>;
  };

interface OperationShape {
  /**
   * As in the contract, `RunLiveResponse`. The file, the log and the audit record use this name.
   */
  readonly name: string;
  /** A GET answers HEAD as well. */
  readonly method: HttpMethod;
  /** In the router's syntax. Matches in any letter case; parameters keep theirs. */
  readonly path: `/${string}`;
  /** Required: each operation says how its requests are counted. */
  readonly rateLimit: RateLimit;
  /**
   * Checked before the handler (`query-options.ts`). Absent: the operation reads its query itself,
   * as OData's lists do, or takes no options and answers one thing, where there is nothing to
   * narrow down.
   */
  readonly query?: QueryOptions;
  /** How refusals look. Default the contract's body; `oauth` for token endpoints. */
  readonly errors?: "oauth";
  /** Gives every caller the same response, as a probe does. Its log lines are sampled. */
  readonly isPublic?: boolean;
  readonly doc: OperationDoc;
  readonly responses: Responses;
}

export interface OperationDefinition<
  Ctx,
  Tag extends string,
  Path extends `/${string}`,
  Who extends Admitted,
  Body,
  R extends Responses,
> extends OperationShape {
  readonly path: Path;
  /** Required: access is denied by default. */
  readonly access: Access<Who>;
  readonly body: BodyKind<Body>;
  readonly doc: OperationDoc<Tag> & PathDoc<Path>;
  /** Status and body of what the handler returns are checked against these. */
  readonly responses: R;
  readonly handler: (request: OperationRequest<Path, Who, Body>, ctx: Ctx) => ResponsesOf<R> | Promise<ResponsesOf<R>>;
}

/** One operation of the wire, its types closed over: a row of the route table. */
export interface Operation<Ctx> extends OperationShape {
  readonly access: AccessRule;
  readonly body: BodyKind<unknown>;
  /** Admits the caller, then reads the body, then handles. */
  readonly run: (request: HttpRequest, ctx: Ctx, onAdmitted: (who: Admitted) => void) => Promise<HttpResponse>;
}

/**
 * The builder for operations that work on a context of type `Ctx` and are documented under one of
 * the chapters `Tag`: `const operation = operationsOf<Services>(); export const cancel =
 * operation({ name, method, path, access, rateLimit, doc, responses, body, handler })`.
 */
export const operationsOf =
  <Ctx, Tag extends string = string>() =>
  <const Path extends `/${string}`, Who extends Admitted, Body, R extends Responses>(
    definition: OperationDefinition<Ctx, Tag, Path, Who, Body, R>,
  ): Operation<Ctx> => {
    const { name, path, access, body, handler, query } = definition;
    const template = pathTemplate(path);
    return {
      ...definition,
      async run(request, ctx, onAdmitted) {
        const { facts, gate } = request;
        if (access.kind === "anonymous" && body.kind !== "none") {
          const refused = gate.addresses.countAnonymous(facts.remoteAddress);
          if (refused) return refused;
        }
        const admission = await access.admit(request);
        if (admission.kind === "error") return admission;
        const { who } = admission;
        onAdmitted(who);
        const throttled = await gate.throttle(definition, accountIdOf(who));
        if (throttled) return throttled;
        const options = query === undefined ? NO_OPTIONS : readQueryOptions(path, facts.query, query);
        if (options.kind === "error") return options;
        const { params } = facts;
        if (!hasParameters<Path>(params, template)) throw new Error(`a parameter of ${name} has no value`);
        const read = await body.read(request, ownerOf(who, request));
        return await handler({ ...facts, ...who, params, options: options.given, body: read }, ctx);
      },
    };
  };

const NO_OPTIONS = { kind: "read", given: new Map<string, string>() } as const;

/** Whose unfinished body it is. */
function ownerOf(who: Admitted, { facts }: HttpRequest): BodyOwner {
  const accountId = accountIdOf(who);
  if (accountId !== "") return { key: `account ${accountId}`, isAddress: false };
  const { machineId } = namesOf(who);
  if (machineId !== undefined) return { key: `machine ${machineId}`, isAddress: false };
  return { key: `address ${addressKey(facts.remoteAddress)}`, isAddress: true };
}

/**
 * The account that a request is counted for: ten applications of one account have the rate of one.
 * Empty for operations that are not limited.
 */
const accountIdOf = (who: Admitted): string => (who.kind === "permissions" ? accountOf(who.caller) : "");
