import type { Command } from "./api.ts";

export const putFile = (fileName: string): Command => ({
  type: "PutFile",
  params: [{ key: "FileName", value: fileName }],
});

export const runScript = (scriptName: string, args?: string): Command => ({
  type: "RunScript",
  params: [{ key: "ScriptName", value: scriptName }, ...(args === undefined ? [] : [{ key: "Args", value: args }])],
});

export const getFile = (path: string): Command => ({ type: "GetFile", params: [{ key: "Path", value: path }] });

/** A machine and an action that no server has. */
export const UNKNOWN_MACHINE = "0123456789abcdef0123456789abcdef01234567";
export const UNKNOWN_ACTION = "01234567-89ab-4cde-8f01-23456789abcd";
