import { Type } from "typebox";
import { Value } from "typebox/value";

/** How a client shows who it is. */
const Proof = Type.Union([
  Type.Object({ kind: Type.Literal("secret"), clientSecret: Type.String() }),
  Type.Object({ kind: Type.Literal("certificate"), certificate: Type.String(), key: Type.String() }),
  Type.Object({ kind: Type.Literal("assertion"), key: Type.String() }),
]);
export type Proof = Type.Static<typeof Proof>;

/** What the test gives a client program on its standard input. */
const Job = Type.Object({
  /** With `https://`, without the tenant and a final slash. */
  authorityHost: Type.String(),
  /** As it stands in the authority. */
  tenant: Type.String(),
  clientId: Type.String(),
  proof: Proof,
  scope: Type.String(),
  /** The library's own name of the variant: see the client programs. */
  variant: Type.String(),
  apiUrl: Type.String(),
  machineId: Type.String(),
  scriptName: Type.String(),
});
export type Job = Type.Static<typeof Job>;

export async function readJob(): Promise<Job> {
  let text = "";
  for await (const chunk of process.stdin.setEncoding("utf8")) text += chunk;
  return Value.Parse(Job, JSON.parse(text));
}
