import type { Command } from "../command.ts";
import { action } from "./action.ts";
import { actions } from "./actions.ts";
import { appAddSecret } from "./app-add-secret.ts";
import { appCreate } from "./app-create.ts";
import { appList } from "./app-list.ts";
import { appRemove } from "./app-remove.ts";
import { appRemoveSecret } from "./app-remove-secret.ts";
import { appRevokeTokens } from "./app-revoke-tokens.ts";
import { audit } from "./audit.ts";
import { callersBlock, callersList, callersUnblock } from "./callers.ts";
import { cancel } from "./cancel.ts";
import { completion } from "./completion.ts";
import { enrollmentTokenCreate } from "./enrollment-token-create.ts";
import { enrollmentTokenList } from "./enrollment-token-list.ts";
import { enrollmentTokenRevoke } from "./enrollment-token-revoke.ts";
import { get } from "./get.ts";
import { groupsAssign, groupsCreate, groupsDelete, groupsList, groupsUpdate } from "./groups.ts";
import { libraryAdd } from "./library-add.ts";
import { libraryApprove, libraryWithdraw } from "./library-approve.ts";
import { libraryList } from "./library-list.ts";
import { libraryRemove } from "./library-remove.ts";
import { libraryShow } from "./library-show.ts";
import { libraryVersions } from "./library-versions.ts";
import { login } from "./login.ts";
import { machines, machinesList } from "./machines.ts";
import { machinesQuarantine, machinesRelease } from "./machines-quarantine.ts";
import { machinesReinstate } from "./machines-reinstate.ts";
import { machinesRemove } from "./machines-remove.ts";
import { machinesRename } from "./machines-rename.ts";
import { machinesRetire } from "./machines-retire.ts";
import { machinesShow } from "./machines-show.ts";
import { put } from "./put.ts";
import { result } from "./result.ts";
import { run } from "./run.ts";
import { tagsAdd, tagsRemove, tagsSet } from "./tags.ts";
import { watch } from "./watch.ts";

/** Every command, in the order of the help. */
export const COMMANDS: readonly Command[] = [
  login,
  machines,
  machinesList,
  machinesShow,
  machinesRename,
  machinesRetire,
  machinesReinstate,
  machinesQuarantine,
  machinesRelease,
  machinesRemove,
  tagsAdd,
  tagsRemove,
  tagsSet,
  run,
  get,
  put,
  actions,
  action,
  result,
  watch,
  cancel,
  libraryAdd,
  libraryList,
  libraryRemove,
  libraryVersions,
  libraryShow,
  libraryApprove,
  libraryWithdraw,
  groupsList,
  groupsCreate,
  groupsUpdate,
  groupsDelete,
  groupsAssign,
  enrollmentTokenCreate,
  enrollmentTokenList,
  enrollmentTokenRevoke,
  appCreate,
  appList,
  appAddSecret,
  appRemoveSecret,
  appRevokeTokens,
  appRemove,
  callersBlock,
  callersUnblock,
  callersList,
  audit,
  completion(() => COMMANDS),
];
