import { ProxyError } from "@halligan/protocol/network";
import { errnoOf } from "../disk/errno.ts";

const REASONS: Readonly<Record<string, string>> = {
  ECONNREFUSED: "nothing listens there",
  ENOTFOUND: "its name is not known",
  EAI_AGAIN: "its name could not be looked up",
  ECONNRESET: "the connection was broken off",
  ETIMEDOUT: "it does not answer",
  EHOSTUNREACH: "there is no way to it",
  ENETUNREACH: "there is no way to it",
};

/** Why a server was not reached, for people: the end of a sentence, without its full stop. */
export function networkReason(error: unknown): string {
  if (error instanceof ProxyError) return error.message.replace(/\.$/, "");
  if (error instanceof Error && error.name === "TimeoutError") return "it does not answer";
  const code = errnoOf(error) ?? "";
  const known = REASONS[code];
  if (known) return known;
  const message = error instanceof Error ? error.message : String(error);
  if (/ALTNAME/.test(code)) return `its TLS certificate is for another name (${message})`;
  const isTls = /CERT|TLS|SSL|SELF_SIGNED|UNABLE_TO_/.test(code) || /certificate|TLS|SSL/i.test(message);
  if (!isTls) return code ? `${message} (${code})` : message;
  return (
    `its TLS certificate is not trusted by this device (${code || message}); for a private authority give its ` +
    "certificate file to enroll as --ca FILE, or add it to the system's certificate store"
  );
}
