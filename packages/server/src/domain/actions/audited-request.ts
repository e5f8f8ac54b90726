import type { CommandType } from "@halligan/protocol/api";
import type { MachineAction } from "./machine-action.ts";

/** Longest comment in one audit record, in characters. */
const COMMENT_LIMIT_CHARS = 2_048;
/** Characters for the texts of all commands together, and the minimum for each text. */
const COMMANDS_LIMIT_CHARS = 12_288;
const SHORTEST_LIMIT_CHARS = 256;

export interface AuditedCommand {
  type: CommandType;
  /** The name of the library file, or the path on the device. */
  target: string | null;
  args: string | null;
  /** SHA-256 of the pinned library file. */
  sha256: string | null;
  /** The target is a folder or a pattern. */
  archive?: "folder" | "pattern";
}

export interface AuditedRequest {
  comment: string;
  commands: AuditedCommand[];
  /** At least one text was cut. Each cut text says its original length. */
  truncated?: true;
}

/**
 * The part of a request that its audit record keeps, also after the action was removed. Each
 * command has an equal share of the space, so a long command cannot displace the others. Pure.
 */
export function auditedRequest({ comment, commands }: Pick<MachineAction, "comment" | "commands">): AuditedRequest {
  const shareChars = Math.floor(COMMANDS_LIMIT_CHARS / Math.max(1, commands.length));
  const limitChars = Math.max(SHORTEST_LIMIT_CHARS, Math.floor(shareChars / 2));
  const isCut =
    comment.length > COMMENT_LIMIT_CHARS ||
    commands.some(({ params }) => params.some(({ value }) => value.length > limitChars));
  return {
    comment: cut(comment, COMMENT_LIMIT_CHARS),
    commands: commands.map(({ type, params, pin, archive }) => {
      const args = params.find(({ key }) => key === "Args")?.value;
      const target = params.find(({ key }) => key !== "Args")?.value;
      return {
        type,
        target: target === undefined ? null : cut(target, limitChars),
        args: args === undefined ? null : cut(args, limitChars),
        sha256: pin?.sha256 ?? null,
        ...(archive && { archive: archive.kind }),
      };
    }),
    ...(isCut && { truncated: true }),
  };
}

/** The comment of a request other than a start. */
export const auditedComment = (comment: string): Pick<AuditedRequest, "comment" | "truncated"> => ({
  comment: cut(comment, COMMENT_LIMIT_CHARS),
  ...(comment.length > COMMENT_LIMIT_CHARS && { truncated: true }),
});

/** A text that the order repeats for the device's log, cut as in the audit record. */
export const shownComment = (comment: string): string => cut(comment, COMMENT_LIMIT_CHARS);

/** Never cuts between the halves of a surrogate pair, because JSON cannot carry half of one. */
function cut(text: string, limitChars: number): string {
  if (text.length <= limitChars) return text;
  const isBetweenHalves = /[\uD800-\uDBFF]/.test(text.charAt(limitChars - 1));
  return `${text.slice(0, isBetweenHalves ? limitChars - 1 : limitChars)}… [cut: ${text.length} characters in all]`;
}
