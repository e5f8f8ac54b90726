import { Type } from "typebox";
import { Value } from "typebox/value";
import { runProgram } from "../run-program.ts";
import type { LockedPackage } from "../source/lockfile.ts";
import type { Revision } from "../source/revision.ts";

const Component = Type.Object({ name: Type.String(), version: Type.String() });
export type Component = Type.Static<typeof Component>;
const NpmSbom = Type.Object({
  components: Type.Array(Component),
  dependencies: Type.Array(Type.Object({ ref: Type.String(), dependsOn: Type.Optional(Type.Array(Type.String())) })),
});

export interface SbomOptions {
  readonly root: string;
  /** The package of the program, such as `@halligan/agent`. */
  readonly workspace: string;
  readonly program: string;
  readonly version: string;
  readonly revision: Revision;
  /** Runtimes that are part of the files. Others of package-lock.json are left out. */
  readonly runtimes: readonly LockedPackage[];
}

export interface Sbom {
  readonly components: readonly Component[];
  readonly json: string;
}

const RUNTIME = /^node-(?:linux|win|bin-darwin)-|^@oven\/bun-/;

/**
 * What a program consists of, as CycloneDX 1.5: the packages by `npm sbom`, and the runtimes. The
 * same revision gives the same bytes: npm's random serial number is left out, and the time is that
 * of the commit.
 */
export async function sbomOf(options: SbomOptions): Promise<Sbom> {
  const { root, workspace, program, version, revision, runtimes } = options;
  const args = ["sbom", "--sbom-format=cyclonedx", "--package-lock-only", "--omit=dev", "-w", workspace];
  const made = Value.Parse(NpmSbom, JSON.parse(await runProgram("npm", args, { cwd: root })));
  const components = made.components.filter(({ name }) => !RUNTIME.test(name));
  const added = runtimes.map(componentOf);
  const all = [...components, ...added].toSorted((a, b) => (a.name < b.name ? -1 : 1));
  const left = new Set(components.map(({ name, version }) => `${name}@${version}`));
  const document = {
    $schema: "http://cyclonedx.org/schema/bom-1.5.schema.json",
    bomFormat: "CycloneDX",
    specVersion: "1.5",
    version: 1,
    metadata: {
      timestamp: new Date(revision.timeSeconds * 1_000).toISOString(),
      component: {
        "bom-ref": `${program}@${version}`,
        type: "application",
        name: program,
        version,
        licenses: [{ license: { id: "Apache-2.0" } }],
        properties: [{ name: "halligan:commit", value: revision.commit }],
      },
    },
    components: all,
    dependencies: made.dependencies
      .filter(({ ref }) => left.has(ref))
      .map(({ ref, dependsOn = [] }) => ({ ref, dependsOn: dependsOn.filter((one) => left.has(one)) })),
  };
  return { components: all, json: `${JSON.stringify(document, null, 2)}\n` };
}

function componentOf({ name, version, integrity, license }: LockedPackage): Component & Record<string, unknown> {
  return {
    "bom-ref": `${name}@${version}`,
    type: "platform",
    name,
    version,
    purl: `pkg:npm/${name.replace("@", "%40")}@${version}`,
    hashes: [{ alg: "SHA-512", content: Buffer.from(integrity.slice("sha512-".length), "base64").toString("hex") }],
    licenses: license === null ? [] : [{ license: { id: license } }],
  };
}
