/** The `NAME=value` lines of /etc/os-release, with shell quotes taken off. */
export function parseOsRelease(text: string): ReadonlyMap<string, string> {
  const values = new Map<string, string>();
  for (const line of text.split("\n")) {
    const [, name, value] = /^([A-Z0-9_]+)=(.*)$/.exec(line.trim()) ?? [];
    if (name === undefined || value === undefined) continue;
    const quoted = /^(["'])(.*)\1$/.exec(value);
    values.set(name, (quoted ? (quoted[2] ?? "") : value).replace(/\\(["'\\$`])/g, "$1"));
  }
  return values;
}
