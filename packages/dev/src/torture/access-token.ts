import type { CredentialsFile } from "@halligan/protocol/api";
import { TokenWire } from "@halligan/protocol/api";
import { API_SCOPE } from "@halligan/protocol/client";
import { Value } from "typebox/value";

/** A bearer token of the first administrator, for what the typed client has no method for. */
export async function accessToken(credentials: CredentialsFile): Promise<string> {
  const response = await fetch(credentials.tokenUrl, {
    method: "POST",
    body: new URLSearchParams({
      grant_type: "client_credentials",
      client_id: credentials.clientId,
      client_secret: credentials.clientSecret,
      scope: API_SCOPE,
    }),
  });
  return Value.Parse(TokenWire, await response.json()).access_token;
}
