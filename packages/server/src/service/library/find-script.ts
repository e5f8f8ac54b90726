import { err, ok, type Result } from "@halligan/protocol/errors";
import type { Caller } from "../../auth/caller.ts";
import { type LibraryPin, libraryFileNameOf } from "../../domain/actions/command.ts";
import type { DomainError } from "../../domain/errors.ts";
import type { ServiceContext } from "../context.ts";
import { actionInScope } from "../machine-scope.ts";

/** The script of a RunScript, whose bytes are on this server. */
export interface FoundScript {
  fileName: string;
  pin: LibraryPin;
}

/**
 * `GET /halligan/v1/actions/{id}/commands/{index}/script`: what the command runs or ran, of the
 * library or of the action itself. The bytes stay as long as results do.
 */
export async function findScript(
  { store, blobs }: ServiceContext,
  caller: Caller,
  actionId: string,
  index: number,
): Promise<Result<FoundScript, DomainError>> {
  const action = await store.read((tx) => actionInScope(tx, caller, actionId));
  if (!action) return err({ code: "MachineActionNotFound", actionId });
  const none = (detail: string) => err({ code: "ScriptNotFound", actionId: action.id, index, detail } as const);
  const command = action.commands[index];
  if (!command) return none(`the action has ${action.commands.length} command(s), numbered from 0`);
  const { pin, type } = command;
  const fileName = libraryFileNameOf(command);
  if (type !== "RunScript" || fileName === null) return none(`it is a ${type}`);
  if (!pin) return none(`the library had no file ${fileName} for it`);
  // Of content that came with the action, the id is removed together with the bytes. The library
  // may have the same bytes.
  if (pin.contentId !== undefined || (await blobs.statLibrary(pin.sha256)) !== null) return ok({ fileName, pin });
  return none(`the bytes with the SHA-256 ${pin.sha256} are no longer kept`);
}
