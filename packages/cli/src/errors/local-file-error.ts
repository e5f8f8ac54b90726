import { open } from "node:fs/promises";
import { errorCode } from "@halligan/protocol/errors";
import { CliError } from "./cli-error.ts";

const REASONS: Readonly<Record<string, readonly [code: string, text: string]>> = {
  ENOENT: ["NoSuchFile", "it does not exist. Check the path"],
  ENOTDIR: ["NotAFolder", "a part of the path is not a folder. Check the path"],
  EISDIR: ["IsAFolder", "it is a folder. Name a file"],
  EACCES: ["FileAccessDenied", "access is denied. Check who owns it and its mode"],
  EPERM: ["FileAccessDenied", "the system does not permit it. Check who owns it and its mode"],
  EEXIST: ["FileExists", "it exists already. Choose another name"],
  ENOSPC: ["DiskFull", "the disk is full. Free some space or choose another folder"],
  EDQUOT: ["DiskFull", "the disk quota is used up. Free some space or choose another folder"],
  EFBIG: ["FileTooLarge", "it would be larger than the file system permits. Choose another folder"],
  EROFS: ["ReadOnlyFileSystem", "the file system is read-only. Choose another folder"],
  ELOOP: ["LinkLoop", "its symbolic links lead in a circle. Check the path"],
  ENAMETOOLONG: ["NameTooLong", "the name is too long. Choose a shorter one"],
  EMFILE: ["TooManyOpenFiles", "this process has too many open files"],
  ENFILE: ["TooManyOpenFiles", "this computer has too many open files. Try again later"],
  EBUSY: ["FileBusy", "another program uses it. Try again later"],
  ETXTBSY: ["FileBusy", "another program runs it. Try again later"],
  EXDEV: ["OtherFileSystem", "it is on another file system. Choose another folder"],
  EIO: ["DiskError", "the disk reports an error"],
};

/**
 * A failed access to a file or folder of this computer as a sentence; another error is returned
 * unchanged.
 */
export function localFileError(path: string, error: unknown): unknown {
  if (!isFileError(error)) return error;
  const [code, text] = REASONS[error.code] ?? ["LocalFileError", `the system reports ${error.code}`];
  return new CliError("localFile", code, `${path} cannot be used: ${text}.`, { cause: error });
}

/** Errors of the file system; those of the network come wrapped. */
export function isFileError(error: unknown): error is NodeJS.ErrnoException & { code: string } {
  return error instanceof Error && errorCode(error) !== null && "syscall" in error;
}

/** The text of a small file, or of a pipe that stands for one. Throws CliError `localFile`. */
export async function readSmallFile(path: string, maxBytes: number): Promise<string> {
  return (await readSmallFileBytes(path, maxBytes)).toString("utf8");
}

/** The same, as bytes. */
export async function readSmallFileBytes(path: string, maxBytes: number): Promise<Buffer> {
  try {
    await using file = await open(path, "r");
    const block = Buffer.alloc(maxBytes + 1);
    let length = 0;
    while (length < block.length) {
      const { bytesRead } = await file.read(block, length, block.length - length, null);
      if (bytesRead === 0) return block.subarray(0, length);
      length += bytesRead;
    }
  } catch (error) {
    throw localFileError(path, error);
  }
  throw new CliError("localFile", "FileTooLarge", `${path} has more than ${maxBytes} bytes. Check the path.`);
}
