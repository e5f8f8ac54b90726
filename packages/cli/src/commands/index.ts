import type { Command, CommandDefinition } from "../command.ts";

/** A row of the table of commands. Its program is loaded when the command is called. */
export interface CommandEntry extends Pick<Command, "name" | "summary"> {
  readonly load: () => Promise<CommandDefinition>;
}

export async function loadCommand({ name, summary, load }: CommandEntry): Promise<Command> {
  return { name, summary, ...(await load()) };
}

/** For what needs the options of every command, such as completion. */
export const loadCommands = (): Promise<Command[]> => Promise.all(COMMANDS.map(loadCommand));

/**
 * Every command, in the order of the help. Names and summaries are here and not with the programs:
 * the client and its schemas cost more processor time than the rest of a short command.
 */
export const COMMANDS: readonly CommandEntry[] = [
  {
    name: "login",
    summary: "check credentials and keep them as a profile",
    load: async () => (await import("./identity/login.ts")).login,
  },
  {
    name: "machines",
    summary: "list the machines",
    load: async () => (await import("./machines/machines.ts")).machines,
  },
  {
    name: "machines list",
    summary: "the same",
    load: async () => (await import("./machines/machines.ts")).machines,
  },
  {
    name: "machines show",
    summary: "show one machine, retired or not",
    load: async () => (await import("./machines/machines-show.ts")).machinesShow,
  },
  {
    name: "machines rename",
    summary: "give a machine another name",
    load: async () => (await import("./machines/machines-rename.ts")).machinesRename,
  },
  {
    name: "machines retire",
    summary: "take a machine out of use: its key is refused from then on",
    load: async () => (await import("./machines/machines-retire.ts")).machinesRetire,
  },
  {
    name: "machines reinstate",
    summary: "take the retirement of a machine back",
    load: async () => (await import("./machines/machines-reinstate.ts")).machinesReinstate,
  },
  {
    name: "machines quarantine",
    summary: "put a machine whose device is not trusted in quarantine",
    load: async () => (await import("./machines/machines-quarantine.ts")).machinesQuarantine,
  },
  {
    name: "machines release",
    summary: "end the quarantine of a machine",
    load: async () => (await import("./machines/machines-quarantine.ts")).machinesRelease,
  },
  {
    name: "machines remove",
    summary: "remove a retired machine from every list",
    load: async () => (await import("./machines/machines-remove.ts")).machinesRemove,
  },
  {
    name: "tags add",
    summary: "add tags to a machine",
    load: async () => (await import("./machines/tags.ts")).tagsAdd,
  },
  {
    name: "tags remove",
    summary: "remove tags from a machine",
    load: async () => (await import("./machines/tags.ts")).tagsRemove,
  },
  {
    name: "tags set",
    summary: "give a machine these tags and no others",
    load: async () => (await import("./machines/tags.ts")).tagsSet,
  },
  {
    name: "run",
    summary: "run a script on a machine and show what it wrote",
    load: async () => (await import("./actions/run.ts")).run,
  },
  {
    name: "exec",
    summary: "run a command on a machine and show what it wrote",
    load: async () => (await import("./actions/exec.ts")).exec,
  },
  {
    name: "get",
    summary: "save a file of a machine here",
    load: async () => (await import("./actions/get.ts")).get,
  },
  {
    name: "put",
    summary: "put a file into a machine's working folder",
    load: async () => (await import("./actions/put.ts")).put,
  },
  {
    name: "actions",
    summary: "list actions, newest first",
    load: async () => (await import("./actions/actions.ts")).actions,
  },
  {
    name: "action",
    summary: "show one action and its commands",
    load: async () => (await import("./actions/action.ts")).action,
  },
  {
    name: "result",
    summary: "wait for an action and get what came back",
    load: async () => (await import("./actions/result.ts")).result,
  },
  {
    name: "attach",
    summary: "show the output of an action's scripts as it comes",
    load: async () => (await import("./actions/attach.ts")).attach,
  },
  {
    name: "watch",
    summary: "show an action as it changes, until it ends",
    load: async () => (await import("./actions/watch.ts")).watch,
  },
  {
    name: "cancel",
    summary: "cancel an unfinished action",
    load: async () => (await import("./actions/cancel.ts")).cancel,
  },
  {
    name: "library add",
    summary: "add local files to the library",
    load: async () => (await import("./library/library-add.ts")).libraryAdd,
  },
  {
    name: "library list",
    summary: "list the library",
    load: async () => (await import("./library/library-list.ts")).libraryList,
  },
  {
    name: "library remove",
    summary: "remove a file from the library",
    load: async () => (await import("./library/library-remove.ts")).libraryRemove,
  },
  {
    name: "library versions",
    summary: "list every upload of a library file",
    load: async () => (await import("./library/library-versions.ts")).libraryVersions,
  },
  {
    name: "library diff",
    summary: "show the difference between two versions of a library file",
    load: async () => (await import("./library/library-diff.ts")).libraryDiff,
  },
  {
    name: "library rollback",
    summary: "make an earlier version of a library file the present one",
    load: async () => (await import("./library/library-rollback.ts")).libraryRollback,
  },
  {
    name: "library show",
    summary: "write a library file to standard output",
    load: async () => (await import("./library/library-show.ts")).libraryShow,
  },
  {
    name: "library approve",
    summary: "approve content that another one uploaded",
    load: async () => (await import("./library/library-approve.ts")).libraryApprove,
  },
  {
    name: "library withdraw",
    summary: "withdraw all approvals of content",
    load: async () => (await import("./library/library-approve.ts")).libraryWithdraw,
  },
  {
    name: "groups list",
    summary: "list the device groups",
    load: async () => (await import("./machines/groups.ts")).groupsList,
  },
  {
    name: "groups create",
    summary: "make a device group",
    load: async () => (await import("./machines/groups.ts")).groupsCreate,
  },
  {
    name: "groups update",
    summary: "change a device group",
    load: async () => (await import("./machines/groups.ts")).groupsUpdate,
  },
  {
    name: "groups delete",
    summary: "delete a device group that has no machines",
    load: async () => (await import("./machines/groups.ts")).groupsDelete,
  },
  {
    name: "groups assign",
    summary: "move a machine to a device group",
    load: async () => (await import("./machines/groups.ts")).groupsAssign,
  },
  {
    name: "enrollment-token create",
    summary: "make a token with which machines enroll",
    load: async () => (await import("./agents/enrollment-token-create.ts")).enrollmentTokenCreate,
  },
  {
    name: "enrollment-token list",
    summary: "list enrollment tokens, newest first",
    load: async () => (await import("./agents/enrollment-token-list.ts")).enrollmentTokenList,
  },
  {
    name: "enrollment-token revoke",
    summary: "let no more machines enroll with a token",
    load: async () => (await import("./agents/enrollment-token-revoke.ts")).enrollmentTokenRevoke,
  },
  {
    name: "app create",
    summary: "register an application with a secret or with public keys",
    load: async () => (await import("./identity/app-create.ts")).appCreate,
  },
  {
    name: "app list",
    summary: "list the applications",
    load: async () => (await import("./identity/app-list.ts")).appList,
  },
  {
    name: "app add-secret",
    summary: "give an application one more secret, to change over to",
    load: async () => (await import("./identity/app-add-secret.ts")).appAddSecret,
  },
  {
    name: "app remove-secret",
    summary: "remove one secret of an application, or all of one that has keys",
    load: async () => (await import("./identity/app-remove-secret.ts")).appRemoveSecret,
  },
  {
    name: "app revoke-tokens",
    summary: "refuse all tokens and result links that an application has",
    load: async () => (await import("./identity/app-revoke-tokens.ts")).appRevokeTokens,
  },
  {
    name: "app remove",
    summary: "remove an application; its tokens end with it",
    load: async () => (await import("./identity/app-remove.ts")).appRemove,
  },
  {
    name: "callers block",
    summary: "refuse a user or application of an outside issuer",
    load: async () => (await import("./administration/callers.ts")).callersBlock,
  },
  {
    name: "callers unblock",
    summary: "end the block of a caller",
    load: async () => (await import("./administration/callers.ts")).callersUnblock,
  },
  {
    name: "callers list",
    summary: "list the blocked callers",
    load: async () => (await import("./administration/callers.ts")).callersList,
  },
  {
    name: "audit",
    summary: "show who did what to which machine",
    load: async () => (await import("./administration/audit.ts")).audit,
  },
  {
    name: "completion",
    summary: "print a script that completes commands and options in your shell",
    load: async () => (await import("./completion.ts")).completion(loadCommands),
  },
];
