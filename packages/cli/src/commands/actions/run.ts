import { devicePathOf } from "../../actions/output/collect-results.ts";
import { quoteArgs } from "../../actions/quote-args.ts";
import { runScripts } from "../../actions/run-scripts.ts";
import { command } from "../../actions/start-action.ts";
import type { CommandDefinition } from "../../command.ts";
import { chooseTarget, type Target } from "../../download/target.ts";
import { UsageError } from "../../errors/cli-error.ts";
import { type ChosenFile, chooseFile, chooseScript, pinOf, stage } from "../../library/choose-file.ts";
import { INTERPRETER_OPTION, interpreterOf, isStdin } from "../../library/typed-script.ts";
import { findTarget, operand, parseTarget, TARGET_DETAILS, TARGET_OPTIONS } from "../../lookup/target-machine.ts";
import {
  cancelsOnInterrupt,
  INTERRUPT_OPTION,
  LIVE_OPTION,
  LIVE_SHAPE,
  maxSizeBytes,
  permissionsToStart,
  RAW_OPTION,
  SAVE_OPTIONS,
  START_OPTIONS,
  timeoutMs,
  wantsLive,
  wantsRaw,
} from "../shared-options.ts";
import { QUEUE_OPTIONS, SCRIPT_OPTIONS, scriptOptions } from "./options/action-options.ts";
import { encryptSecrets, readSecrets, SECRET_DETAILS, SECRET_OPTIONS } from "./options/secret-options.ts";

export const run: CommandDefinition = {
  usage: "MACHINE SCRIPT [-- ARGS...]",
  details: [
    "MACHINE is an id or a computer name. SCRIPT is the name of a library file; with a slash (./a.sh), or when the " +
      "library has no such name, it is a local file. library:NAME is the library's in any case, and - is standard input.",
    "What runs is what you chose: a local file is read once and sent with the action, and the library is not touched; a " +
      "library file is looked up once, and the run is refused when it was replaced since, also after a wait on the server.",
    "ARGS reach the script as they are written here, each as one argument. Bytes that are not UTF-8 are refused.",
    "The script's output and errors go to standard output and standard error as they come; with --json and --raw at its " +
      "end. halligan attach ACTION shows them to others meanwhile. On a terminal, control sequences are " +
      "taken out. In a pipe or file the text is unchanged, but bytes that are not UTF-8 become U+FFFD; --raw writes the exact " +
      "bytes, on a terminal too. Output that was cut is noted on standard error, and truncated is true with --json.",
    "Processes that the script leaves running are ended when it ends, and named in its errors. --keep-processes leaves them " +
      "running and names them as well.",
    "The exit code is the script's, unless it is one that halligan uses itself: then it is 85, and standard error and " +
      "--json have the script's own. See: halligan help exit-codes. Ctrl+C stops waiting, not the action, unless --on-interrupt cancel was given, and exits with 130.",
    SECRET_DETAILS,
    TARGET_DETAILS,
  ],
  options: {
    put: { type: "string", multiple: true, placeholder: "FILE", help: "first put this local or library file there" },
    get: { type: "string", multiple: true, placeholder: "PATH", help: "afterwards save this file of the machine here" },
    "output-dir": { type: "string", placeholder: "FOLDER", help: "where --get saves (default: the current folder)" },
    force: SAVE_OPTIONS.force,
    "max-size": SAVE_OPTIONS["max-size"],
    ...SCRIPT_OPTIONS,
    ...SECRET_OPTIONS,
    ...INTERPRETER_OPTION,
    ...TARGET_OPTIONS,
    ...RAW_OPTION,
    ...LIVE_OPTION,
    ...QUEUE_OPTIONS,
    ...INTERRUPT_OPTION,
    ...START_OPTIONS,
  },
  positionals: { min: 1, max: 2 },
  permissions: permissionsToStart("for local files and standard input"),
  mayPassOn: true,
  examples: [
    "halligan run web-01 triage.sh",
    'halligan run web-01 ./collect.sh --get /tmp/out.tgz --comment "case 42" -- --since "2 days ago"',
    "halligan run --tag case-4711 triage.sh",
    "halligan run web-01 rotate-keys.sh --secret API_TOKEN=@token.txt",
    "generate-script | halligan run web-01 - --interpreter python",
  ],
  jsonShape:
    "{action, exitCode, results: [{index, type: RunScript, scriptName, exitCode, output, errors, truncated, streams?} | {index, type: GetFile, path, savedAs, sizeBytes, sha256}], error?}; with --no-wait {action}" +
    LIVE_SHAPE,
  async run(context) {
    const { args, env, signal } = context;
    const machine = parseTarget(args, ["SCRIPT"]);
    const typed = operand(machine, 0);
    const interpreter = interpreterOf(args);
    if (interpreter.interpreter !== undefined && !isStdin(typed)) {
      throw new UsageError("--interpreter is for a script of standard input. The name of a file says what runs it.");
    }
    const limitMs = timeoutMs(args);
    const maxBytes = maxSizeBytes(args);
    const isRaw = wantsRaw(context);
    const isLive = wantsLive(context);
    const options = scriptOptions(args);
    const isCancelled = cancelsOnInterrupt(args);
    const targets = new Map<string, Target>();
    for (const path of args.texts("get")) {
      const output = args.text("output-dir") ?? ".";
      const target = await chooseTarget({
        devicePath: path,
        output,
        isFolder: true,
        mayReplace: args.flag("force"),
        currentFolder: env.currentFolder,
      });
      const isTaken = [...targets.values()].some(
        (other) => other.kind === "file" && target.kind === "file" && other.path === target.path,
      );
      if (isTaken) throw new UsageError(`Two --get paths would be saved under the same name: ${path}. Use two runs.`);
      targets.set(path, target);
    }

    const secrets = await readSecrets(context, isStdin(typed));
    const client = await context.connect();
    const { machineId, named } = await findTarget(client, machine, signal);
    const script = await chooseScript(context, client, typed);
    const puts: ChosenFile[] = [];
    for (const file of args.texts("put")) puts.push(await chooseFile(context, client, file));
    for (const file of [...puts, script]) await stage(context, client, file);
    const secretEnv = await encryptSecrets(context, client, { machineId, named }, secrets);
    const name = script.kind === "typed" ? {} : { ScriptName: script.name };
    const scriptParams = args.passedOn.length === 0 ? {} : { Args: quoteArgs(args.passedOn) };
    const request = {
      machineId,
      named,
      commands: [
        ...puts.map((file) => command("PutFile", { FileName: file.name }, pinOf(file))),
        command("RunScript", { ...name, ...scriptParams }, { ...pinOf(script), ...interpreter }),
        ...args.texts("get").map((path) => command("GetFile", { Path: path })),
      ],
      comment: args.text("comment"),
      options,
      secretEnv,
    };
    return runScripts(context, client, request, {
      limitMs,
      maxSizeBytes: maxBytes,
      isRaw,
      isCancelled,
      isLive,
      async targetOf(one) {
        const target = targets.get(devicePathOf(one) ?? "");
        if (target === undefined) throw new UsageError("The server ran a GetFile that was not asked for.");
        return target;
      },
    });
  },
};
