/**
 * Returns a sentence when the environment turns the check of certificates off, else null. Without
 * that check, any machine on the network path could impersonate the server, so every program of
 * Halligan refuses to connect. Node knows `0`, Bun `0` and `false`.
 */
export function uncheckedTlsFault(env: Readonly<Record<string, string | undefined>>): string | null {
  const value = env.NODE_TLS_REJECT_UNAUTHORIZED;
  if (value === undefined || !/^\s*(0+|false|no|off)\s*$/i.test(value)) return null;
  return (
    `NODE_TLS_REJECT_UNAUTHORIZED=${value.trim()} turns the check of certificates off, so anyone on the way could pose as the server. ` +
    "Unset it, and name your own authority instead: --ca FILE or NODE_EXTRA_CA_CERTS."
  );
}
