import { CliError, UsageError } from "../errors/cli-error.ts";

/**
 * The server's address as the client wants it, also when it was given as that of the API. Throws
 * UsageError for what is not an http or https address.
 */
export function parseServerUrl(text: string, source: string): string {
  const url = URL.canParse(text) ? new URL(text) : null;
  if (url === null || !/^https?:$/.test(url.protocol)) {
    throw new UsageError(`${source} must be an http or https address, such as https://halligan.example:8443.`);
  }
  if (url.username !== "" || url.password !== "") {
    throw new UsageError(`${source} must not hold a user name or password: addresses end up in logs.`);
  }
  url.search = "";
  url.hash = "";
  return url.href.replace(/(?:\/api)?\/*$/i, "");
}

/** A server reached over https must not send the secret over plain http. */
export function checkTokenUrl(tokenUrl: string, baseUrl: string): string {
  const checked = parseServerUrl(tokenUrl, "The server's token address");
  if (new URL(baseUrl).protocol === "https:" && new URL(checked).protocol === "http:") {
    throw new UsageError(
      `The server is reached over https, but names ${checked} for tokens: the secret would travel unencrypted. ` +
        "Correct the server's public address.",
    );
  }
  return checked;
}

/**
 * Refuses a server to which the secret and all results would be sent unencrypted. Called before the
 * first request. Throws CliError `configuration`; `--allow-plain-http` permits it.
 */
export function refusePlainHttp({ baseUrl, tokenUrl }: { baseUrl: string; tokenUrl?: string }): void {
  const open = [baseUrl, tokenUrl].find((url) => url !== undefined && isUnencrypted(url));
  if (open === undefined) return;
  throw new CliError(
    "configuration",
    "PlainHttp",
    `${new URL(open).origin} is not https and not on this computer: the secret and all results would cross the network unencrypted. ` +
      "Use its https address, or --allow-plain-http in a lab.",
  );
}

function isUnencrypted(url: string): boolean {
  const { protocol, hostname } = new URL(url);
  return protocol === "http:" && !/^(localhost|127\.\d+\.\d+\.\d+|\[::1\])$/.test(hostname);
}
