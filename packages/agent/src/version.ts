/**
 * The version of this package, as reported to the server. A test keeps it equal to package.json.
 */
export const AGENT_VERSION = "0.1.0";
