import { fileNameFault, type StartCommandRequest } from "@halligan/protocol/api";
import type { DomainError } from "../errors.ts";
import { ok, type Result, refuse } from "../result.ts";
import { type LibraryPin, libraryFileNameOf } from "./command.ts";

/** Which bytes a command means. */
export type ContentChoice =
  /** What the library has under the name when the action is accepted; failing that, the caller's own file when it is claimed. */
  | { kind: "byName" }
  /** The library file of that name, if it has these bytes. */
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

const CHOICES = ["sha256", "staged", "content"] as const;

/** What the schema cannot say of a choice. The name of content outside the library becomes a file's name on the device. */
export function checkChoices(commands: readonly StartCommandRequest[]): DomainError | null {
  for (const [index, command] of commands.entries()) {
    const place = `Commands[${index}]`;
    const given = CHOICES.filter((key) => command[key] !== undefined);
    if (given.length > 1) {
      return invalid(`${place} has ${given.join(" and ")}; a command takes one of ${CHOICES.join(", ")}`);
    }
    if (given.length === 1 && command.type === "GetFile") return invalid(`${place}: GetFile takes no ${given[0]}`);
    if (command.content?.isWellFormed() === false) return invalid(`${place}.content is not well-formed Unicode`);
    if (command.staged === undefined && command.content === undefined) continue;
    const name = libraryFileNameOf(command);
    const fault = name === null || name === "" ? null : fileNameFault(name);
    if (fault !== null) return invalid(`${place}: the name ${JSON.stringify(name?.slice(0, 200))} ${fault}`);
  }
  return null;
}

const invalid = (detail: string): DomainError => ({ code: "InvalidRequestBody", detail });

/** SHA-256 of all content that commands take from what their caller staged, each once, in a fixed order. */
export function stagedHashes(commands: readonly StartCommandRequest[]): string[] {
  const hashes = commands.flatMap(({ staged }) => (staged === undefined ? [] : [staged.toLowerCase()]));
  return [...new Set(hashes)].sort();
}

export interface AvailableContent {
  /** By file name. */
  readonly library: ReadonlyMap<string, LibraryPin>;
  /** What the caller staged, by SHA-256. */
  readonly staged: ReadonlyMap<string, LibraryPin>;
}

/**
 * The pin of each command. A command that says which bytes it means gets exactly those or is refused; inline content has been staged
 * before. A name alone that the library does not have stays without a pin until the action is claimed.
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
      if (!pin) return refuse({ code: "StagedContentNotFound", sha256: choice.sha256 });
      pins.push(pin);
      continue;
    }
    const fileName = libraryFileNameOf(command);
    const present = fileName === null ? undefined : library.get(fileName);
    if (choice.kind === "library" && fileName !== null) {
      if (!present) return refuse({ code: "LibraryFileNotFound", fileName });
      if (present.sha256 !== choice.sha256) {
        return refuse({
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
