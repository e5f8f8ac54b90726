/** Version of the server; the manifests have the same. */
export const VERSION = "0.1.0";
