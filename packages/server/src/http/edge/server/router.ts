import findMyWay from "find-my-way";
import type { HttpMethod, Operation } from "../operation.ts";
import { routedTarget } from "./request-path.ts";

/**
 * What a request target leads to. `badTarget`: it cannot be decoded, or a parameter is too long.
 */
export type Route<Ctx> =
  | {
      readonly kind: "operation";
      readonly operation: Operation<Ctx>;
      readonly params: Readonly<Record<string, string>>;
    }
  | { readonly kind: "none" }
  | { readonly kind: "badTarget" };

/** Longest parameter of a path, in characters. */
const MAX_PARAMETER_CHARACTERS = 2_048;

const METHODS = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"] as const satisfies readonly (HttpMethod | "HEAD")[];
const isRouted = (method: string): method is (typeof METHODS)[number] => METHODS.some((one) => one === method);

/**
 * The route table as a tree. Paths match in any letter case, with or without a slash at their end.
 */
export class Router<Ctx> {
  readonly #tree = findMyWay({
    caseSensitive: false,
    ignoreTrailingSlash: true,
    ignoreDuplicateSlashes: true,
    maxParamLength: MAX_PARAMETER_CHARACTERS,
    // The search is not used, and parsing it here would cost what `url-encoded.ts` bounds.
    querystringParser: () => ({}),
    onBadUrl: () => undefined,
    onMaxParamLength: () => undefined,
  });
  readonly #operations = new Map<unknown, Operation<Ctx>>();

  constructor(operations: readonly Operation<Ctx>[]) {
    for (const operation of operations) {
      const { method, path } = operation;
      // The tree answers with the handler of a route, which stands for its operation here.
      const handler = () => undefined;
      this.#operations.set(handler, operation);
      this.#tree.on(method === "GET" ? ["GET", "HEAD"] : [method], path, handler);
    }
  }

  /** `target`: as it was sent. */
  find(method: string, target: string): Route<Ctx> {
    const found = isRouted(method) ? this.#tree.find(method, routedTarget(target)) : null;
    if (found === null) return { kind: "none" };
    const operation = this.#operations.get(found.handler);
    if (operation === undefined) return { kind: "badTarget" };
    const params: Record<string, string> = {};
    for (const [name, value] of Object.entries(found.params)) if (value !== undefined) params[name] = value;
    return { kind: "operation", operation, params };
  }
}
