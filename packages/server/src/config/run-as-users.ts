import { err, ok, type Result } from "@halligan/protocol/errors";
import { DeviceUser } from "@halligan/protocol/link";
import { Compile } from "typebox/compile";

const Name = Compile(DeviceUser);

/** `off` is no user. A refusal is the first name that a user of a device cannot have. */
export function parseRunAsUsers(text: string): Result<"any" | readonly string[], string> {
  if (text === "any") return ok("any");
  if (text === "off") return ok([]);
  const names = text.split(",").map((name) => name.trim());
  const wrong = names.find((name) => !Name.Check(name));
  return wrong === undefined ? ok(names) : err(JSON.stringify(wrong));
}
