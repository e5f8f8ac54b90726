/** Who was admitted, as the log names them. */
export function namesOf(who: unknown): { readonly callerId?: string; readonly machineId?: string } {
  if (typeof who !== "object" || who === null) return {};
  if ("caller" in who) return { callerId: textOf(who.caller, "id") };
  if ("ticket" in who) return { machineId: textOf(who.ticket, "machineId") };
  return {};
}

function textOf(value: unknown, key: string): string {
  const found =
    typeof value === "object" && value !== null ? Object.entries(value).find(([name]) => name === key) : undefined;
  return String(found?.[1] ?? "");
}
