import { errorCode } from "@halligan/protocol/errors";

/** Whether an error of the system has one of these codes. */
export function isErrno(error: unknown, ...codes: string[]): boolean {
  const code = errorCode(error);
  return code !== null && codes.includes(code);
}

const SENTENCES: Readonly<Record<string, string>> = {
  ENOENT: "it does not exist",
  ENOTDIR: "a part of its path is not a folder",
  EACCES: "access is denied",
  EPERM: "the system does not permit it",
  EISDIR: "it is a folder",
  ENOSPC: "the device's disk is full",
  EDQUOT: "the device's disk quota is used up",
  EROFS: "the file system is read-only",
  ELOOP: "it has too many symbolic links",
  ENAMETOOLONG: "the name is too long",
  EMFILE: "the device has too many open files",
  EIO: "the device's disk reports an error",
  EAGAIN: "it has nothing to read now",
  ESPIPE: "it can only be read as a stream, as a pipe is",
  ESTALE: "its file server has replaced or removed it",
  ENOTCONN: "its file system is mounted, but its server is gone",
  EHOSTDOWN: "its file server cannot be reached",
  ETIMEDOUT: "its file server does not answer",
  E2BIG: "the arguments are too long for this system",
};

/** Why a call failed, for people. Without the path, which can be a path of the agent itself. */
export function reasonOf(error: unknown): string {
  const code = errorCode(error);
  if (code) return SENTENCES[code] ?? `the system says ${code}`;
  return error instanceof Error ? error.message : String(error);
}
