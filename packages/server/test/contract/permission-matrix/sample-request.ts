/** Well-formed values for path parameters. By default they name nothing that exists. */
export type PathValues = Readonly<Record<string, string>>;

export const ABSENT: PathValues = {
  id: "a".repeat(40),
  actionId: "7c9e6679-7425-40de-944b-e07fc1f90ae7",
  clientId: "7c9e6679-7425-40de-944b-e07fc1f90ae7",
  secretId: "7c9e6679-7425-40de-944b-e07fc1f90ae7",
  tokenId: "7c9e6679-7425-40de-944b-e07fc1f90ae7",
  callerId: encodeURIComponent("https://id.example#none"),
  uploadId: "0123456789abcdef0123456789abcdef",
  sha256: "0123456789abcdef".repeat(4),
  fileName: "none.txt",
  index: "0",
  part: "0",
  stream: "stdout",
  user: "analyst@soc.example",
  ip: "'203.0.113.99'",
  timestamp: new Date(Date.UTC(2026, 10, 2)).toISOString(),
  tenant: "11111111-1111-4111-8111-111111111111",
};

const PARAMETER = /:(\w+)(\((?:[^()]|\([^()]*\))*\))?/g;

/** Queries with which a sample changes nothing, so that each credential meets the same state. */
const QUERIES: Readonly<Record<string, string>> = {
  "/api/machines/findbytag": "?tag=none",
  "/halligan/v1/library/:fileName": "?override=neither",
};

/** The same for a value of the path, because an approval by another sample remains. */
const VALUES: Readonly<Record<string, PathValues>> = {
  "DELETE /halligan/v1/library-approvals/:sha256": { sha256: "f".repeat(64) },
};

export const sampleValues = (title: string): PathValues => VALUES[title] ?? {};

/**
 * The path of a route with these values. Throws for a parameter without a value, which must be
 * added to the matrix.
 */
export function filledPath(pattern: string, values: PathValues, query: string): string {
  const path = pattern.replace(PARAMETER, (_whole, name: string, rule: string | undefined) => {
    const value =
      name === "id" && rule?.includes("\\d") ? (values.groupId ?? "999999") : (values[name] ?? ABSENT[name]);
    if (value === undefined) throw new Error(`there is no sample for the parameter ${name} of ${pattern}`);
    return value;
  });
  return `${path}${query || (QUERIES[pattern] ?? "")}`;
}
