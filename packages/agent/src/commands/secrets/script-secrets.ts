/** The secrets of one script, decrypted for the time that it runs. */
import type { OpenedSecret } from "@halligan/protocol/link-crypto";
import { openSecrets } from "@halligan/protocol/link-crypto";
import type { DeviceSecretKey } from "../../core/order-secrets.ts";
import type { CommandJob, RunScriptCommand } from "../../core/ports.ts";
import { redactText } from "./redactor.ts";

export class ScriptSecrets implements Disposable {
  readonly values: readonly OpenedSecret[];

  constructor(values: readonly OpenedSecret[]) {
    this.values = values;
  }

  /** What the script finds in its environment. A runtime passes texts only, which it may copy. */
  variables(): Record<string, string> {
    return Object.fromEntries(this.values.map(({ name, value }) => [name, value.toString("utf8")]));
  }

  redact(text: string): string {
    return this.values.length === 0 ? text : redactText(this.values, text);
  }

  [Symbol.dispose](): void {
    for (const { value } of this.values) value.fill(0);
  }
}

/**
 * A sentence for people when one of them cannot be read, because the key was replaced after the
 * order had come.
 */
export function openScriptSecrets(
  { machineId, secretKey }: { machineId: string; secretKey: DeviceSecretKey | null },
  { secretEnv }: Pick<CommandJob<RunScriptCommand>, "secretEnv">,
): ScriptSecrets | string {
  if (!secretEnv) return new ScriptSecrets([]);
  const read = secretKey && openSecrets(machineId, secretKey.privateKey, secretEnv);
  if (read?.ok) return new ScriptSecrets(read.value);
  return "The secrets of this action cannot be decrypted any more: the device's key for them was replaced. Start it again.";
}
