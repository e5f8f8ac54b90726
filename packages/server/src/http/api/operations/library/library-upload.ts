import { err, ok, type Result } from "@halligan/protocol/errors";
import type { PutLibraryAnswer } from "../../../../blobs/blob-store.ts";
import type { DomainError } from "../../../../domain/errors.ts";
import { contractFileNameFault } from "../../../../domain/library/library-file.ts";
import type { LibraryFileInput } from "../../../../service/library/add-library-file.ts";
import type { MultipartPart } from "../../../edge/body/multipart.ts";

const FILE = "File";
/**
 * Parts that are read, by their name in lower case; others are passed over: clients send more than
 * the contract has.
 */
const PARTS: ReadonlyMap<string, string> = new Map(
  [FILE, "Description", "ParametersDescription", "OverrideIfExists", "HasParameters"].map((name) => [
    name.toLowerCase(),
    name,
  ]),
);

/**
 * Reads the parts of `POST /api/libraryfiles` in whatever order and letter case they come; the
 * content goes to `store` as it arrives. `docs/contract/http-api.md#library-files`,
 * `docs/contract/clients-in-the-wild.md#library`.
 */
export async function readLibraryUpload(
  parts: AsyncIterable<MultipartPart>,
  store: (file: AsyncIterable<Uint8Array>) => Promise<PutLibraryAnswer>,
): Promise<Result<LibraryFileInput, DomainError>> {
  const fields = new Map<string, string>();
  let file: { fileName: string; sha256: string; sizeBytes: number } | null = null;
  for await (const part of parts) {
    const known = PARTS.get(part.name);
    if (known === undefined) continue;
    const isSecond = known === FILE ? file !== null : fields.has(part.name);
    if (isSecond) return err({ code: "InvalidRequestBody", detail: `there is more than one ${known} part` });
    if (part.kind === "field" && known !== FILE) {
      fields.set(part.name, part.value);
      continue;
    }
    if (known !== FILE) return err({ code: "InvalidRequestBody", detail: `the part ${known} must be a text` });
    if (part.kind === "field" || !part.fileName) {
      return err({ code: "MissingRequiredParameter", parameter: "filename of the part File" });
    }
    const nameError = contractFileNameFault(part.fileName);
    if (nameError) return err(nameError);
    const stored = await store(part.stream);
    if (stored.code !== "stored") return err(libraryStorageRefusal(stored));
    file = { fileName: part.fileName, sha256: stored.sha256, sizeBytes: stored.sizeBytes };
  }
  if (!file) return err({ code: "MissingRequiredParameter", parameter: FILE });
  const override = flag(fields, "overrideifexists");
  const hasParameters = flag(fields, "hasparameters");
  const parametersDescription = fields.get("parametersdescription") || null;
  if (override === undefined || hasParameters === undefined) {
    const name = override === undefined ? "OverrideIfExists" : "HasParameters";
    return err({ code: "InvalidInput", detail: `${name} must be true or false` });
  }
  return ok({
    ...file,
    description: fields.get("description") || null,
    hasParameters: hasParameters ?? parametersDescription !== null,
    parametersDescription,
    overrideIfExists: override ?? false,
  });
}

export const libraryStorageRefusal = (stored: Exclude<PutLibraryAnswer, { code: "stored" }>): DomainError =>
  stored.code === "TooLarge"
    ? { code: "LibraryFileTooLarge", limitBytes: stored.limitBytes }
    : { code: "InsufficientStorage" };

/** Null when it was not sent or is empty, undefined when it is neither true nor false. */
function flag(fields: ReadonlyMap<string, string>, name: string): boolean | null | undefined {
  const text = fields.get(name)?.trim().toLowerCase() ?? "";
  if (text === "") return null;
  return text === "true" ? true : text === "false" ? false : undefined;
}
