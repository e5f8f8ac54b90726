/** A path of the route table as OpenAPI writes it. */
export interface PathTemplate {
  readonly path: string;
  /** In their order. */
  readonly parameters: readonly string[];
}

/**
 * From the router's syntax, in which a parameter may carry the pattern it has to meet:
 * `/a/:id(\\d+)/b` becomes `/a/{id}/b`. The pattern is left out; the schema of a parameter says
 * what it may be.
 */
export function pathTemplate(route: string): PathTemplate {
  const parameters: string[] = [];
  let path = "";
  let at = 0;
  while (at < route.length) {
    const name = route[at] === ":" ? /^\w+/.exec(route.slice(at + 1))?.[0] : undefined;
    if (name === undefined) {
      path += route[at];
      at += 1;
      continue;
    }
    parameters.push(name);
    path += `{${name}}`;
    at = patternEnd(route, at + 1 + name.length);
  }
  return { path, parameters };
}

/** Where the pattern that begins at `start` is over; `start` itself when there is none. */
function patternEnd(route: string, start: number): number {
  if (route[start] !== "(") return start;
  let depth = 0;
  for (let at = start; at < route.length; at += 1) {
    const char = route[at];
    if (char === "\\") at += 1;
    else if (char === "(") depth += 1;
    else if (char === ")") depth -= 1;
    if (depth === 0) return at + 1;
  }
  throw new Error(`the pattern in ${route} does not end`);
}

type Letter =
  | "a"
  | "b"
  | "c"
  | "d"
  | "e"
  | "f"
  | "g"
  | "h"
  | "i"
  | "j"
  | "k"
  | "l"
  | "m"
  | "n"
  | "o"
  | "p"
  | "q"
  | "r"
  | "s"
  | "t"
  | "u"
  | "v"
  | "w"
  | "x"
  | "y"
  | "z";
type WordCharacter = Letter | Uppercase<Letter> | "_" | `${0 | 1 | 2 | 3 | 4 | 5 | 6 | 7 | 8 | 9}`;

/** The word at the beginning of a text. */
type Word<Text extends string, Taken extends string = ""> = Text extends `${infer First}${infer Rest}`
  ? First extends WordCharacter
    ? Word<Rest, `${Taken}${First}`>
    : Taken
  : Taken;

/**
 * Names of the parameters of a path of the route table. In a pattern a colon may only follow a
 * question mark, as in `(?:x)`.
 */
export type ParameterName<Path extends string> = Path extends `${infer Before}:${infer After}`
  ? (Before extends `${string}?` ? never : Word<After>) | ParameterName<After>
  : never;

/** Values of the parameters of a path. Each is there, because the route matched. */
export type PathParameters<Path extends string> = { readonly [Name in ParameterName<Path>]: string };

/** Whether the router gave all of them. */
export const hasParameters = <Path extends string>(
  given: Readonly<Record<string, string>>,
  { parameters }: PathTemplate,
): given is Readonly<Record<string, string>> & PathParameters<Path> =>
  parameters.every((name) => given[name] !== undefined);
