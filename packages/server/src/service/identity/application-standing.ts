import type { ApplicationStanding } from "../../auth/tokens/token-verifier.ts";
import { isSecretUsable } from "../../domain/identity/application-secret.ts";
import type { ServiceContext } from "../context.ts";

/**
 * The facts of an application with which its tokens are compared. Undefined when there is no such
 * application.
 */
export async function applicationStanding(
  { store, clock }: Pick<ServiceContext, "store" | "clock">,
  clientId: string,
): Promise<ApplicationStanding | undefined> {
  const application = await store.read((tx) => tx.applications.byClientId(clientId));
  if (!application) return undefined;
  const { secrets, tokenGeneration, ownerId } = application;
  const usable = secrets.filter((secret) => isSecretUsable(secret, clock.nowMs()));
  return { tokenGeneration, secretIds: usable.map(({ id }) => id), ownerId };
}
