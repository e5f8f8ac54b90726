import { OPERATIONS } from "@halligan/server/src/http/api/routes.ts";
import type { FuzzContext } from "../fuzz-context.ts";
import { mutated } from "../mutate.ts";
import { inUrl, strangeText, strangeValue } from "../strange-values.ts";
import { requestBytes, sendRaw } from "./raw-requests.ts";

const PARAMETER = /:(\w+)(\((?:[^()]|\([^()]*\))*\))?/g;

/**
 * Bodies that each operation's schema nearly takes. They name nothing that an honest machine needs.
 */
const BODIES: readonly unknown[] = [
  { Commands: [{ type: "RunScript", params: [{ key: "ScriptName", value: "fuzz.sh" }] }], Comment: "fuzz" },
  { Comment: "fuzz" },
  { Value: "tag", Action: "Add" },
  { uses: 1, expiresInSeconds: 60 },
  { name: "fuzz", roles: ["Machine.Read.All"] },
  { name: "fuzz", remediationLevel: "full", users: [], userGroups: [] },
  { groupId: 1 },
  { token: "x", publicKey: "A".repeat(43), proof: "A".repeat(86), facts: { computerDnsName: "x" } },
  { partCount: 1, sizeBytes: 1, sha256: "0".repeat(64) },
];

/**
 * Malformed HTTP to every route of the table, with every kind of credentials, several requests on
 * one connection.
 */
export async function attackHttp(context: FuzzContext): Promise<void> {
  const { random, baseUrl, requests } = context;
  const bytes = Array.from({ length: random.between(1, 5) }, () => someRequest(context));
  if (random.chance(0.1)) bytes.push(random.bytes(random.between(1, 300)));
  if (random.chance(0.1)) {
    const last = bytes.at(-1);
    if (last) bytes[bytes.length - 1] = damaged(last, context);
  }
  await sendRaw(baseUrl, bytes, requests);
}

function someRequest(context: FuzzContext): Buffer {
  const { random, baseUrl, bearer, tickets } = context;
  const operation = random.pickAny(OPERATIONS);
  if (!operation) throw new Error("the server has no operations");
  const method = random.chance(0.9)
    ? operation.method
    : random.pick(["GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "BREW"]);
  const headers = [
    ...random.pick<string[]>([
      [],
      [`Authorization: Bearer ${bearer}`],
      [`Authorization: Bearer ${bearer}`],
      [`Authorization: Bearer ${random.hex(200)}`],
      [`Authorization: Bearer ${bearer.slice(0, -3)}AAA`],
      [`Authorization: Ticket ${random.pickAny(tickets) ?? ""}`],
      [`Authorization: ${headerText(random.pickAny(["Basic", "Bearer", "", "Ticket"]) ?? "")}`],
    ]),
    ...(random.chance(0.2)
      ? [`Content-Type: ${random.pick(["text/plain", "multipart/form-data; boundary=x", "/", "a/b;c"])}`]
      : []),
    ...(random.chance(0.1) ? [`Range: bytes=${random.pick(["0-", "-1", "9-1", "0-0,2-3", "x"])}`] : []),
    ...(random.chance(0.1) ? ["Transfer-Encoding: chunked"] : []),
    ...(random.chance(0.05) ? ["Expect: 100-continue"] : []),
    ...(random.chance(0.05) ? ["Upgrade: websocket", "Connection: Upgrade"] : []),
  ];
  const value = random.chance(0.1) ? strangeValue(random) : (random.pickAny(BODIES) ?? null);
  const body = random.chance(0.7) ? mutated(value, random) : random.chance(0.5) ? form(context) : JSON.stringify(value);
  const hasBody = operation.method !== "GET" || random.chance(0.2);
  return requestBytes(new URL(baseUrl).host, method, target(context, operation.path), {
    headers,
    ...(hasBody && { body, lengthOff: random.chance(0.05) ? random.pick([-3, 5, 1_000_000]) : 0 }),
  });
}

function target({ random, tenant, device }: FuzzContext, pattern: string): string {
  const path = pattern.replace(PARAMETER, (_whole, name: string) => {
    if (name === "tenant" && random.chance(0.8)) return tenant;
    if (random.chance(0.3)) return inUrl(strangeText(random).slice(0, 500));
    // The default group and the administrator's application must stay what they are: nothing here
    // names them.
    if (name === "id" && pattern.includes("device-groups")) return "999999";
    if (name === "clientId") return random.guid();
    return random.pick([device.machineId, random.guid(), random.hex(64), random.hex(32), "0", "-1", "999999"]);
  });
  const query = random.chance(0.3) ? `?${form({ random })}` : "";
  return `${path}${query}`;
}

const NAMES = [
  "$filter",
  "$top",
  "$skip",
  "$orderby",
  "$select",
  "$count",
  "before",
  "top",
  "grant_type",
  "client_id",
  "override",
  "tag",
];

function form({ random }: Pick<FuzzContext, "random">): string {
  const pairs = Array.from({ length: random.between(1, 4) }, () => {
    const value = random.chance(0.5)
      ? strangeText(random)
      : random.pick(["client_credentials", "1", "status eq 'Pending'", "((((", "%"]);
    return `${inUrl(random.pickAny(NAMES) ?? "")}=${inUrl(value)}`;
  });
  return pairs.join("&").slice(0, 10_000);
}

const headerText = (scheme: string) => `${scheme} ${"A".repeat(50)}`;

function damaged(bytes: Buffer, { random }: FuzzContext): Buffer {
  const copy = Buffer.from(bytes);
  copy[random.between(0, Math.min(200, copy.length - 1))] = random.between(0, 255);
  return copy;
}
