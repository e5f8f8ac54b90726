import { addressKey } from "../../network/address-key.ts";
import type { Access } from "./access.ts";
import { namesOf } from "./admitted-names.ts";
import type { Answer } from "./answer.ts";
import type { BodyKind } from "./body/body-kinds.ts";
import type { Incoming, RequestFacts } from "./incoming.ts";
import { type QueryOptions, readQueryOptions } from "./query-options.ts";
import type { BodyOwner } from "./unfinished-bodies.ts";

export type HttpMethod = "GET" | "POST" | "PUT" | "PATCH" | "DELETE";

/** What a handler gets: the facts, who is calling (`caller` or `ticket`, by the access), and the body in the type of its kind. */
export type OperationRequest<W, B> = RequestFacts &
  W & {
    readonly body: B;
    /** Of those that the operation declares, by their declared names. */
    readonly options: ReadonlyMap<string, string>;
  };

interface OperationShape {
  /** As in the contract, `RunLiveResponse`: shown in the log. */
  readonly name: string;
  /** A GET answers HEAD as well. */
  readonly method: HttpMethod;
  /** In the router's syntax. Matches in any letter case; parameters keep theirs. */
  readonly path: `/${string}`;
  /**
   * Checked before the handler (`query-options.ts`). Absent: the operation reads its query itself, as OData's lists do, or takes no options
   * and answers one thing, where there is nothing to narrow down.
   */
  readonly query?: QueryOptions;
  /** How refusals look. Default the contract's body; `oauth` for token endpoints. */
  readonly errors?: "oauth";
  /** Answers everybody alike, as a probe does. Its log lines are sampled. */
  readonly isPublic?: boolean;
}

export interface OperationDefinition<Ctx, W, B> extends OperationShape {
  /** Required: an operation nobody thought about is not reachable. */
  readonly access: Access<W>;
  readonly body: BodyKind<B>;
  readonly handler: (request: OperationRequest<W, B>, ctx: Ctx) => Answer | Promise<Answer>;
}

/** One operation of the wire, its types closed over: a row of the route table. */
export interface Operation<Ctx> extends OperationShape {
  readonly access: Pick<Access<unknown>, "kind" | "permissions">;
  readonly body: BodyKind<unknown>;
  /** Admits the caller, then reads the body, then handles. */
  readonly run: (incoming: Incoming, ctx: Ctx, onAdmitted: (who: unknown) => void) => Promise<Answer>;
}

/**
 * The builder for operations that work on a context of type `Ctx`:
 * `const operation = operationsOf<Services>(); export const cancel = operation({ name, method, path, access, body, handler })`.
 */
export const operationsOf =
  <Ctx>() =>
  <W, B>(definition: OperationDefinition<Ctx, W, B>): Operation<Ctx> => {
    const { access, body, handler } = definition;
    return {
      ...definition,
      async run(incoming, ctx, onAdmitted) {
        if (access.kind === "anonymous" && body.kind !== "none") {
          const refused = incoming.gate.addresses.countAnonymous(incoming.facts.remoteAddress);
          if (refused) return refused;
        }
        const admission = await access.admit(incoming);
        if ("kind" in admission) return admission;
        onAdmitted(admission.who);
        const throttled = await incoming.gate.throttle(definition, accountIdOf(admission.who));
        if (throttled) return throttled;
        const { path, query } = definition;
        const options = query === undefined ? NO_OPTIONS : readQueryOptions(path, incoming.facts.query, query);
        if ("kind" in options) return options;
        return await handler(
          {
            ...incoming.facts,
            ...admission.who,
            options,
            body: await body.read(incoming, ownerOf(admission.who, incoming)),
          },
          ctx,
        );
      },
    };
  };

const NO_OPTIONS: ReadonlyMap<string, string> = new Map();

/** Whose unfinished body it is. */
function ownerOf(who: unknown, { facts }: Incoming): BodyOwner {
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
const accountIdOf = (who: unknown): string => {
  const caller: unknown = typeof who === "object" && who !== null && "caller" in who ? who.caller : null;
  if (typeof caller !== "object" || caller === null) return "";
  if ("accountId" in caller && typeof caller.accountId === "string") return caller.accountId;
  return "id" in caller ? String(caller.id) : "";
};
