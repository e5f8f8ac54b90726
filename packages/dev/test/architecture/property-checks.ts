const FOREIGN = "an error or a value of Node or a library, whose types do not declare the property";
const UNKNOWN_JSON = "JSON of another party, which has any shape";

/** Source files that look for a property with `in`, each with its reason. */
export const PROPERTY_CHECKS: Readonly<Record<string, string>> = {
  "agent/src/core/order-check.ts": UNKNOWN_JSON,
  "cli/src/application-keys/read-key-file.ts": UNKNOWN_JSON,
  "cli/src/errors/local-file-error.ts": FOREIGN,
  "dev/src/fuzz/attacks/accepted-connection.ts": UNKNOWN_JSON,
  "protocol/src/client/create-client.ts": "users write the credentials, and a kind would only repeat what they hold",
  "protocol/src/errors/error-code.ts": FOREIGN,
  "protocol/src/text/network-failure.ts": FOREIGN,
  "server/src/store/statement.ts": FOREIGN,
};
