/**
 * Which Halligan this is: the same for every program, from one place. The version is that of this
 * package's manifest, and a test keeps all manifests equal. A release build sets the commit.
 */
import packageFile from "../../package.json" with { type: "json" };

/** Set by `--define` of a release build (`packages/release/src/build/bundler.ts`). */
declare const HALLIGAN_COMMIT: string | undefined;

export const VERSION: string = packageFile.version;

/** What {@link COMMIT} is when a program runs from its sources. */
export const DEVELOPMENT = "development";

/** The first 12 hex digits of the commit that was built. */
export const COMMIT: string = typeof HALLIGAN_COMMIT === "string" ? HALLIGAN_COMMIT : DEVELOPMENT;

/**
 * Version and commit in one word, such as `0.1.0+0123456789ab`: the build metadata of Semantic
 * Versioning. At most 32 characters, as `agentVersion` is on the wire.
 */
export const BUILD = `${VERSION}+${COMMIT}`;

type Program = "halligan" | "halligan-agent" | "halligan-server";

/** What `--version` prints, without the end of the line: `halligan 0.1.0 (0123456789ab)`. */
export const versionLine = (program: Program): string => `${program} ${VERSION} (${COMMIT})`;

/** Value of the header `User-Agent` (RFC 9110, section 10.1.5). */
export const userAgent = (program: Program): string => `${program}/${VERSION} (${COMMIT})`;
