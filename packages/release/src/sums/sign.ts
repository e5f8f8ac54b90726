import { runProgram } from "../run-program.ts";

/** What a signature is for: one that the key made for another purpose is refused. */
export const SIGNATURE_NAMESPACE = "halligan-release";

/**
 * Signs a file by `ssh-keygen` into a file next to it that ends in `.sig`. The key can be one on a
 * security key or in an agent: `ssh-keygen` takes its public half then.
 */
export async function signFile(file: string, keyFile: string, cwd: string): Promise<void> {
  await runProgram("ssh-keygen", ["-Y", "sign", "-f", keyFile, "-n", SIGNATURE_NAMESPACE, file], { cwd });
}
