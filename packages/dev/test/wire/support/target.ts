import { after, before } from "node:test";
import { openTestPostgres } from "../../../../server/test/support/postgres-databases.ts";
import { World } from "../../../src/world.ts";
import { Api } from "./api.ts";
import { LibraryOfTest } from "./library-of-test.ts";

/**
 * Where the wire tests run: a server that claims the contract, named by the environment, or one
 * world for each test file.
 *
 * An outside server is named by all of HALLIGAN_WIRE_BASE_URL (without `/api`),
 * HALLIGAN_WIRE_TOKEN_URL (v2), HALLIGAN_WIRE_TOKEN_URL_V1, HALLIGAN_WIRE_CLIENT_ID,
 * HALLIGAN_WIRE_CLIENT_SECRET and HALLIGAN_WIRE_MACHINE_ID. The application needs
 * Machine.LiveResponse, Machine.ReadWrite.All and Library.Manage; the machine must be there, idle
 * and run `.sh` scripts. It is one machine for all files, so run them one after another:
 *
 *   HALLIGAN_WIRE_BASE_URL=... node --test --test-concurrency=1 "packages/dev/test/wire/*.test.ts"
 *
 * With HALLIGAN_TEST_STORE=postgres each world keeps its rows in a fresh database of the PostgreSQL
 * that the store's tests use.
 */
export interface Target {
  /** Without a final slash. */
  readonly baseUrl: string;
  readonly tokenUrl: string;
  readonly tokenUrlV1: string;
  readonly clientId: string;
  readonly clientSecret: string;
  /** Machines that are there and take actions. */
  readonly machineIds: readonly string[];
}

const NAMES = [
  "HALLIGAN_WIRE_BASE_URL",
  "HALLIGAN_WIRE_TOKEN_URL",
  "HALLIGAN_WIRE_TOKEN_URL_V1",
  "HALLIGAN_WIRE_CLIENT_ID",
  "HALLIGAN_WIRE_CLIENT_SECRET",
  "HALLIGAN_WIRE_MACHINE_ID",
] as const;

/**
 * The server that the environment names, or null. Half a name is a mistake: the tests must not
 * quietly run elsewhere.
 */
export const OUTSIDE: Target | null = readOutside();

/**
 * For the `skip` of a test that needs more than the contract: Halligan's settings, its own
 * interface, or its files.
 */
export const onlyHalligan = (needs: string): string | false =>
  OUTSIDE === null ? false : `an outside server is tested, and this needs ${needs}`;

function readOutside(): Target | null {
  const missing = NAMES.filter((name) => !process.env[name]);
  if (missing.length === NAMES.length) return null;
  if (missing.length > 0) throw new Error(`an outside server needs ${missing.join(", ")} too`);
  const [baseUrl = "", tokenUrl = "", tokenUrlV1 = "", clientId = "", clientSecret = "", machineId = ""] = NAMES.map(
    (name) => process.env[name],
  );
  return {
    baseUrl: baseUrl.replace(/\/+$/, ""),
    tokenUrl,
    tokenUrlV1,
    clientId,
    clientSecret,
    machineIds: [machineId],
  };
}

export interface HereOptions {
  /** Agents of the world, linked. Default 1. */
  readonly agents?: number;
  /**
   * Settings of the world's server by environment name; the limits profile is `open` unless it says
   * otherwise.
   */
  readonly settings?: Readonly<Record<string, string>>;
  /**
   * Opens what the server needs to be there before it starts, and gives the settings that come of
   * it.
   */
  readonly open?: (stack: AsyncDisposableStack) => Promise<Readonly<Record<string, string>>>;
  /** Called with every line that a program of the world writes. */
  readonly onLine?: (program: string, line: string) => void;
}

/** What the tests of one file share. */
export interface Here {
  readonly target: Target;
  readonly api: Api;
  /** Library files under names of this run, removed at its end. */
  readonly library: LibraryOfTest;
  /** The first machine that is there. */
  readonly machineId: string;
  /** Throws for an outside server: tests that ask are skipped there. */
  readonly world: World;
}

/**
 * Registers the hooks that open and close what the tests of a file, or of a `describe`, share.
 * `prepare` runs once before the first of them.
 */
export function setUp(options: HereOptions = {}, prepare?: (here: Here) => Promise<void>): () => Here {
  let here: Here | undefined;
  const stack = new AsyncDisposableStack();
  before(async () => {
    const world = OUTSIDE === null ? stack.use(await startWorld(options, await openNeeds(options, stack))) : null;
    const target = OUTSIDE ?? targetOf(required(world));
    const api = await Api.open(target, { honoursRetryAfter: OUTSIDE !== null });
    const library = stack.use(new LibraryOfTest(api));
    const [machineId = "none"] = target.machineIds;
    here = {
      target,
      api,
      library,
      machineId,
      get world() {
        return required(world);
      },
    };
    await prepare?.(here);
  });
  after(() => stack.disposeAsync());
  return () => {
    if (here === undefined) throw new Error("the set-up did not finish");
    return here;
  };
}

/** The database is there before the server and goes after it. */
async function openNeeds(options: HereOptions, stack: AsyncDisposableStack): Promise<Readonly<Record<string, string>>> {
  const database = await openDatabase(stack);
  return { ...database, ...(await options.open?.(stack)) };
}

async function openDatabase(stack: AsyncDisposableStack): Promise<Readonly<Record<string, string>>> {
  const store = process.env.HALLIGAN_TEST_STORE ?? "sqlite";
  if (store === "sqlite") return {};
  if (store !== "postgres") throw new Error(`HALLIGAN_TEST_STORE must be sqlite or postgres, not ${store}`);
  const postgres = await openTestPostgres();
  if (typeof postgres === "string") throw new Error(postgres);
  stack.use(postgres);
  const { url } = stack.use(await postgres.createDatabase());
  return { HALLIGAN_DATABASE_URL: url };
}

const startWorld = (
  { agents, settings, onLine }: HereOptions,
  opened: Readonly<Record<string, string>> = {},
): Promise<World> =>
  World.start({
    ...(agents !== undefined && { agents }),
    ...(onLine && { onLine }),
    enrollsInProcess: true,
    settings: {
      HALLIGAN_LIMITS_PROFILE: "open",
      // The throttles are lifted; the rest is as the contract has it.
      HALLIGAN_UNKNOWN_LIBRARY_FILES: "accept",
      ...settings,
      ...opened,
    },
  });

export function targetOf({ credentials, machines }: World): Target {
  const { baseUrl, tokenUrl, clientId, clientSecret } = credentials;
  return {
    baseUrl,
    tokenUrl,
    tokenUrlV1: tokenUrl.replace("/oauth2/v2.0/token", "/oauth2/token"),
    clientId,
    clientSecret,
    machineIds: machines.map(({ id }) => id),
  };
}

function required(world: World | null): World {
  if (world === null) throw new Error("an outside server has no world");
  return world;
}
