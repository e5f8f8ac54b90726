import { createHash } from "node:crypto";
import type { StartCommandRequest, StartLiveResponseRequest } from "@halligan/protocol/api";
import { err, ok, type Result } from "@halligan/protocol/errors";
import type { Caller } from "../../../auth/caller.ts";
import { checkChoices, contentChoiceOf, isNameless, withScriptName } from "../../../domain/actions/chosen-content.ts";
import { checkCollections, OWN_COMMAND_KEYS } from "../../../domain/actions/collection/requested-collection.ts";
import type { MachineAction } from "../../../domain/actions/machine-action.ts";
import { checkCommands } from "../../../domain/actions/new-machine-action.ts";
import type { DomainError } from "../../../domain/errors.ts";
import type { ServiceContext } from "../../context.ts";
import { nameOfContent } from "../../library/library-pins.ts";
import { stageContent } from "../../library/stage-content.ts";
import { machineInScope } from "../../machine-scope.ts";
import { earlierStart, type IdempotencyKey } from "./idempotent-start.ts";
import { runLiveResponse } from "./run-live-response.ts";

/**
 * `POST /halligan/v1/machines/{id}/actions`: the contract's start with bytes chosen by the caller.
 * Content inside the request is staged first, as a separate upload would do, and a script without a
 * name gets one; from there it is the same start.
 */
export async function startLiveResponse(
  context: ServiceContext,
  caller: Caller,
  machineId: string,
  request: StartLiveResponseRequest,
  signal: AbortSignal,
  key: IdempotencyKey | null = null,
): Promise<Result<MachineAction, DomainError>> {
  const fault =
    checkChoices(request.Commands) ??
    checkCommands(
      request.Commands.map((one) => withScriptName(one)),
      OWN_COMMAND_KEYS,
    ) ??
    checkCollections(request.Commands, context.limits);
  if (fault) return err(fault);
  const bringsContent = request.Commands.some((command) =>
    ["staged", "inline"].includes(contentChoiceOf(command).kind),
  );
  if (bringsContent && !mayAddContent(caller)) return err({ code: "ContentNotPermitted" });
  if (key && request.Commands.some((one) => contentChoiceOf(one).kind === "inline" || isNameless(one))) {
    // Content of an action that has ended would be staged again for nothing, and the library may no
    // longer have what it ran.
    const earlier = await context.store.read(async (tx) =>
      (await machineInScope(tx, caller, machineId)) ? earlierStart(tx, caller, key, context.clock.nowMs()) : null,
    );
    if (earlier) return earlier;
  }
  const Commands: StartCommandRequest[] = [];
  for (const command of request.Commands) {
    const named = await withName(context, caller, machineId, command);
    if (!named.ok) return named;
    const staged = await withStagedContent(context, caller, named.value, signal);
    if (!staged.ok) return staged;
    Commands.push(staged.value);
  }
  return runLiveResponse(context, caller, machineId, { ...request, Commands }, key, OWN_COMMAND_KEYS);
}

/** If the library file of that name is replaced before the start, the start is refused. */
async function withName(
  { store }: ServiceContext,
  caller: Caller,
  machineId: string,
  command: StartCommandRequest,
): Promise<Result<StartCommandRequest, DomainError>> {
  const choice = contentChoiceOf(command);
  if (choice.kind !== "library" || !isNameless(command)) return ok(withScriptName(command));
  return store.read(async (tx): Promise<Result<StartCommandRequest, DomainError>> => {
    const machine = await machineInScope(tx, caller, machineId);
    if (!machine) return err({ code: "MachineNotFound", machineId });
    const name = await nameOfContent(tx, machine, choice.sha256);
    return name === null
      ? err({ code: "LibraryContentNotFound", sha256: choice.sha256 })
      : ok(withScriptName(command, name));
  });
}

async function withStagedContent(
  context: ServiceContext,
  caller: Caller,
  command: StartCommandRequest,
  signal: AbortSignal,
): Promise<Result<StartCommandRequest, DomainError>> {
  const choice = contentChoiceOf(command);
  if (choice.kind !== "inline") return ok(command);
  const { content: _, ...rest } = command;
  const bytes = Buffer.from(choice.content, "utf8");
  const sha256 = createHash("sha256").update(bytes).digest("hex");
  const upload = { sha256, sizeBytes: bytes.length, body: once(bytes), signal };
  const staged = await stageContent(context, caller, upload);
  return staged.ok ? ok({ ...rest, staged: sha256 }) : staged;
}

/**
 * A caller who may choose any bytes for a machine needs the permission to add them to the library.
 */
function mayAddContent(caller: Caller): boolean {
  return caller.kind === "application" ? caller.roles.has("Library.Manage") : caller.scopes.has("Library.Manage");
}

async function* once(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes;
}
