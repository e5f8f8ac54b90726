import { err, ok, type Result } from "@halligan/protocol/errors";

const LOOPBACK = /^(localhost|127(\.\d{1,3}){3}|\[::1\])$/;

/** Returns the server's address in its stored form, or a sentence that names the mistake. */
export function checkServerUrl(text: string, allowPlainHttp: boolean): Result<string, string> {
  if (!URL.canParse(text)) return err(`'${text}' is not an address such as https://halligan.example.org`);
  const url = new URL(text);
  if (url.protocol !== "https:" && url.protocol !== "http:") return err("The server's address begins with https://");
  if (url.username || url.password) return err("The server's address must not hold a user name or a password.");
  if (url.search || url.hash) return err("The server's address must not hold a '?' or a '#'.");
  if (url.protocol === "http:" && !allowPlainHttp && !LOOPBACK.test(url.hostname)) {
    return err(
      `${url.origin} is not encrypted: anyone on the way could read results and the enrollment token. ` +
        "Use https://, or say --allow-plain-http if you accept that.",
    );
  }
  return ok(url.href.replace(/\/+$/, ""));
}
