import type { Command } from "../command.ts";
import { action } from "./action.ts";
import { actions } from "./actions.ts";
import { appCreate } from "./app-create.ts";
import { appList } from "./app-list.ts";
import { appRemove } from "./app-remove.ts";
import { cancel } from "./cancel.ts";
import { enrollmentTokenCreate } from "./enrollment-token-create.ts";
import { get } from "./get.ts";
import { libraryAdd } from "./library-add.ts";
import { libraryList } from "./library-list.ts";
import { libraryRemove } from "./library-remove.ts";
import { login } from "./login.ts";
import { machines } from "./machines.ts";
import { put } from "./put.ts";
import { result } from "./result.ts";
import { run } from "./run.ts";

/** Every command, in the order of the help. */
export const COMMANDS: readonly Command[] = [
  login,
  machines,
  run,
  get,
  put,
  actions,
  action,
  result,
  cancel,
  libraryAdd,
  libraryList,
  libraryRemove,
  enrollmentTokenCreate,
  appCreate,
  appList,
  appRemove,
];
