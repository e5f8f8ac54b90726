import type { Command } from "../command.ts";
import { action } from "./actions/action.ts";
import { actions } from "./actions/actions.ts";
import { cancel } from "./actions/cancel.ts";
import { get } from "./actions/get.ts";
import { put } from "./actions/put.ts";
import { result } from "./actions/result.ts";
import { run } from "./actions/run.ts";
import { watch } from "./actions/watch.ts";
import { audit } from "./administration/audit.ts";
import { callersBlock, callersList, callersUnblock } from "./administration/callers.ts";
import { enrollmentTokenCreate } from "./agents/enrollment-token-create.ts";
import { enrollmentTokenList } from "./agents/enrollment-token-list.ts";
import { enrollmentTokenRevoke } from "./agents/enrollment-token-revoke.ts";
import { completion } from "./completion.ts";
import { appAddSecret } from "./identity/app-add-secret.ts";
import { appCreate } from "./identity/app-create.ts";
import { appList } from "./identity/app-list.ts";
import { appRemove } from "./identity/app-remove.ts";
import { appRemoveSecret } from "./identity/app-remove-secret.ts";
import { appRevokeTokens } from "./identity/app-revoke-tokens.ts";
import { login } from "./identity/login.ts";
import { libraryAdd } from "./library/library-add.ts";
import { libraryApprove, libraryWithdraw } from "./library/library-approve.ts";
import { libraryList } from "./library/library-list.ts";
import { libraryRemove } from "./library/library-remove.ts";
import { libraryShow } from "./library/library-show.ts";
import { libraryVersions } from "./library/library-versions.ts";
import { groupsAssign, groupsCreate, groupsDelete, groupsList, groupsUpdate } from "./machines/groups.ts";
import { machines, machinesList } from "./machines/machines.ts";
import { machinesQuarantine, machinesRelease } from "./machines/machines-quarantine.ts";
import { machinesReinstate } from "./machines/machines-reinstate.ts";
import { machinesRemove } from "./machines/machines-remove.ts";
import { machinesRename } from "./machines/machines-rename.ts";
import { machinesRetire } from "./machines/machines-retire.ts";
import { machinesShow } from "./machines/machines-show.ts";
import { tagsAdd, tagsRemove, tagsSet } from "./machines/tags.ts";

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
