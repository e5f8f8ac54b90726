import { fileNameFault, type ScriptInterpreter, type StartCommandRequest } from "@halligan/protocol/api";
import { err, ok, type Result } from "@halligan/protocol/errors";
import type { DomainError } from "../errors.ts";
import { type LibraryPin, libraryFileNameOf } from "./command.ts";

/** The bytes that a command uses. */
export type ContentChoice =
  /**
   * The file that the library has under this name when the action is accepted. If there is none, a
   * file that the caller itself has added by the time the action is claimed.
   */
  | { kind: "byName" }
  /** The library file of that name, only if it has these bytes. */
  | { kind: "library"; sha256: string }
  /** Bytes that the caller staged. */
  | { kind: "staged"; sha256: string }
  | { kind: "inline"; content: string };

export function contentChoiceOf(command: StartCommandRequest): ContentChoice {
  if (command.sha256 !== undefined) return { kind: "library", sha256: command.sha256.toLowerCase() };
  if (command.staged !== undefined) return { kind: "staged", sha256: command.staged.toLowerCase() };
  if (command.content !== undefined) return { kind: "inline", content: command.content };
  return { kind: "byName" };
}

/** The ending by which the agent chooses the interpreter (docs/scripts.md). */
const ENDINGS: Readonly<Record<ScriptInterpreter, string>> = {
  shell: ".sh",
  python: ".py",
  perl: ".pl",
  ruby: ".rb",
  node: ".js",
  powershell: ".ps1",
};

/** A script that its content identifies. Every other command has a name in its parameters. */
export const isNameless = (command: StartCommandRequest): boolean =>
  command.type === "RunScript" && contentChoiceOf(command).kind !== "byName" && libraryFileNameOf(command) === null;

/**
 * Gives a nameless script a name, because the contract's entity and the device's order have one.
 * Other commands are returned unchanged.
 */
export function withScriptName(
  command: StartCommandRequest,
  name: string = `script${ENDINGS[command.interpreter ?? "shell"]}`,
): StartCommandRequest {
  if (!isNameless(command)) return command;
  const { interpreter: _, ...rest } = command;
  return { ...rest, params: [{ key: "ScriptName", value: name }, ...command.params] };
}

const CHOICES = ["sha256", "staged", "content"] as const;

/**
 * Checks what the schema cannot express. Content outside the library has a name that becomes a file
 * name on the device.
 */
export function checkChoices(commands: readonly StartCommandRequest[]): DomainError | null {
  for (const [index, command] of commands.entries()) {
    const slot = `Commands[${index}]`;
    const given = CHOICES.filter((key) => command[key] !== undefined);
    if (given.length > 1) {
      return invalid(`${slot} has ${given.join(" and ")}; a command takes one of ${CHOICES.join(", ")}`);
    }
    if (given.length === 1 && command.type === "GetFile") return invalid(`${slot}: GetFile takes no ${given[0]}`);
    if (command.content?.isWellFormed() === false) return invalid(`${slot}.content is not well-formed Unicode`);
    const isOwn = command.staged !== undefined || command.content !== undefined;
    if (command.interpreter !== undefined && !(isOwn && isNameless(command))) {
      return invalid(`${slot}.interpreter is for content without a ScriptName, whose ending says what runs it`);
    }
    if (!isOwn) continue;
    const name = libraryFileNameOf(command);
    const fault = name === null || name === "" ? null : fileNameFault(name);
    if (fault !== null) return invalid(`${slot}: the name ${JSON.stringify(name?.slice(0, 200))} ${fault}`);
  }
  return null;
}

const invalid = (detail: string): DomainError => ({ code: "InvalidRequestBody", detail });

/** SHA-256 of all staged content that the commands use, each once, sorted. */
export function stagedHashes(commands: readonly StartCommandRequest[]): string[] {
  const hashes = commands.flatMap(({ staged }) => (staged === undefined ? [] : [staged.toLowerCase()]));
  return [...new Set(hashes)].sort();
}

export interface AvailableContent {
  /** By file name. */
  readonly library: ReadonlyMap<string, LibraryPin>;
  /** What the caller has staged, by SHA-256. */
  readonly staged: ReadonlyMap<string, LibraryPin>;
}

/**
 * The pin of each command. A command that names its bytes by SHA-256 gets exactly those or is
 * refused. Inline content was staged before. A command with only a name that the library does not
 * have gets no pin until the action is claimed.
 */
export function choosePins(
  commands: readonly StartCommandRequest[],
  { library, staged }: AvailableContent,
): Result<(LibraryPin | null)[], DomainError> {
  const pins: (LibraryPin | null)[] = [];
  for (const command of commands) {
    const choice = contentChoiceOf(command);
    if (choice.kind === "inline") throw new Error("inline content is staged before its action is accepted");
    if (choice.kind === "staged") {
      const pin = staged.get(choice.sha256);
      if (!pin) return err({ code: "StagedContentNotFound", sha256: choice.sha256 });
      pins.push(pin);
      continue;
    }
    const fileName = libraryFileNameOf(command);
    const present = fileName === null ? undefined : library.get(fileName);
    if (choice.kind === "library" && fileName !== null) {
      if (!present) return err({ code: "LibraryFileNotFound", fileName });
      if (present.sha256 !== choice.sha256) {
        return err({
          code: "LibraryFileChanged",
          fileName,
          wantedSha256: choice.sha256,
          presentSha256: present.sha256,
        });
      }
    }
    pins.push(present ?? null);
  }
  return ok(pins);
}
