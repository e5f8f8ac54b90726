import { ApiError } from "@halligan/protocol/client";
import { CliError } from "./cli-error.ts";

/**
 * Returns the server's response. If the server does not know the name, the error says which command
 * lists the names.
 */
export async function orSee<T>(asked: Promise<T>, command: string): Promise<T> {
  try {
    return await asked;
  } catch (error) {
    if (!(error instanceof ApiError) || error.status !== 404) throw error;
    throw new CliError("notFound", error.code, `${error.message}. See: ${command}`, { cause: error });
  }
}
