/**
 * What may import what. A folder that is not listed here does not exist, and every rule has its
 * reason, which a failure prints.
 */

export interface Rule {
  /** Folders and files at the top of `src/`; a package by its name. */
  readonly mayImport: readonly string[];
  readonly reason: string;
}

const rule = (mayImport: readonly string[], reason: string): Rule => ({ mayImport, reason });

export const PACKAGES: Readonly<Record<string, Rule>> = {
  protocol: rule([], "what crosses a wire is below every program"),
  server: rule(["protocol"], "the server runs without the other programs"),
  agent: rule(["protocol"], "it has full rights on a device, and its imports are what a security reviewer reads"),
  cli: rule(["protocol"], "it uses the API that every other client has"),
  dev: rule(["server", "agent", "cli", "protocol"], "it starts the real programs"),
  sim: rule(["server", "agent", "protocol"], "it drives the rules of the programs, not the programs"),
  bench: rule(["dev", "server", "agent", "protocol"], "it measures the running world, and nothing depends on it"),
  release: rule(["protocol"], "it builds the programs from their files and runs none of their code"),
};

/** Entry points of a package for the tests and benchmarks of others; a program has none. */
export const ENTRY_POINTS: Readonly<Record<string, Rule>> = {
  server: rule(["simulation", "src/http/api/routes.ts"], "its inside may change without the packages that drive it"),
  agent: rule(["simulation"], "its inside may change without the packages that drive it"),
  cli: rule([], "it is a program"),
  dev: rule(["testing", "own-backends", "world"], "its inside may change without the benchmarks"),
};

type Folders = Readonly<Record<string, Rule>>;

const server: Folders = {
  domain: rule([], "rules are pure: no I/O, no clock and no other part of the server"),
  network: rule([], "how an address is written and counted is the same in every layer"),
  bus: rule(["lru.ts"], "a message is a hint and carries no rule"),
  config: rule(["domain"], "settings of rules have the type that the rules take"),
  odata: rule(["domain"], "the query language is a rule over the entities, and no store is in it"),
  auth: rule(["domain", "network", "lru.ts"], "who a caller is does not depend on what it asks for"),
  blobs: rule(["auth", "domain", "lru.ts"], "bytes are stored without knowledge of actions"),
  store: rule(["odata", "domain"], "the store compares and sets; it decides nothing and calls no use case"),
  service: rule(
    ["store", "blobs", "bus", "auth", "odata", "domain", "lru.ts"],
    "a use case knows no HTTP and no WebSocket, so every edge and the simulation can call it",
  ),
  gateway: rule(
    ["service", "bus", "auth", "domain", "network", "lru.ts"],
    "the agent connections are an edge: they call use cases and never the store",
  ),
  http: rule(
    ["service", "store", "blobs", "auth", "odata", "domain", "network", "lru.ts"],
    "the HTTP API is an edge: it does not know how the server is put together, nor the gateway",
  ),
  metrics: rule(["service", "store"], "figures are read through use cases"),
  setup: rule(
    ["service", "store", "blobs", "bus", "auth", "config", "domain", "gateway", "http", "metrics", "ids.ts"],
    "it opens and joins the parts, so no part knows it; only its composition folder knows the edges",
  ),
};

const agent: Folders = {
  core: rule(
    ["limits.ts", "settings.ts", "bound-text.ts"],
    "it waits on its ports only, so that the simulation can drive it",
  ),
  config: rule(["disk", "settings.ts"], "settings are read before anything of the agent runs"),
  disk: rule(["core"], "it implements ports of the core"),
  network: rule(["settings.ts"], "the path to the server is the same for every connection"),
  websocket: rule(["core", "limits.ts"], "the WebSocket is an adapter under the core's port"),
  "machine-facts": rule(["bound-text.ts"], "facts are read without the state of the agent"),
  "owners-log": rule(
    ["core", "disk", "limits.ts", "log.ts", "settings.ts", "text-for-people.ts", "wall-clock.ts"],
    "it records what the core decides, and is read without a running agent",
  ),
  status: rule(
    ["bound-text.ts", "core", "disk", "identity", "process", "settings.ts", "text-for-people.ts", "wall-clock.ts"],
    "it shows what the other parts say of themselves",
  ),
  process: rule(
    ["core", "disk", "limits.ts", "settings.ts"],
    "processes are started and ended without knowledge of commands",
  ),
  transfer: rule(
    ["core", "disk", "limits.ts", "settings.ts", "bound-text.ts"],
    "files move without knowledge of commands",
  ),
  identity: rule(
    ["core", "disk", "owners-log", "process", "transfer", "limits.ts", "settings.ts"],
    "enrollment comes before any command and does not know them",
  ),
  install: rule(["disk", "identity"], "the service is set up without the agent that runs in it"),
  "command-line": rule(
    ["config", "core", "disk", "identity", "install", "machine-facts", "network", "owners-log", "status", "log.ts"],
    "a command of the program for people needs no running agent",
  ),
  commands: rule(
    ["core", "disk", "identity", "process", "transfer", "limits.ts", "settings.ts"],
    "a command runs on the adapters; none of them knows commands",
  ),
};

const cli: Folders = {
  errors: rule(
    ["render"],
    "an error and its exit code are below everything that fails; a server's text is made harmless",
  ),
  network: rule(["variables.ts"], "the path to the server depends on the environment only"),
  render: rule(["environment.ts"], "text for people is made from values, without requests"),
  arguments: rule(["errors", "render"], "arguments are read before any request"),
  "application-keys": rule(["errors"], "a key file is read before any request"),
  help: rule(["arguments", "errors", "command.ts"], "help is made from the declarations of commands"),
  completion: rule(["arguments", "command.ts"], "what a shell completes is made from the declarations of commands"),
  profile: rule(["arguments", "errors", "network", "environment.ts"], "a profile is chosen before a command runs"),
  lookup: rule(["arguments", "errors", "render"], "a name is looked up the same way for each command"),
  download: rule(["errors", "render"], "a file is written the same way for each command"),
  library: rule(["arguments", "errors", "command.ts"], "a library file is chosen the same way for each command"),
  actions: rule(
    ["download", "errors", "render", "command.ts", "environment.ts"],
    "an action is started and followed the same way for each command",
  ),
  commands: rule(
    [
      "actions",
      "application-keys",
      "arguments",
      "completion",
      "download",
      "errors",
      "library",
      "lookup",
      "profile",
      "render",
      "command.ts",
    ],
    "a command is the top: nothing but the list of commands knows it",
  ),
};

const dev: Folders = {
  certificates: rule([], "a certificate for tests needs nothing of the world"),
  devices: rule([], "a simulated device needs nothing of the world"),
  torture: rule(
    ["parsed-or-usage.ts", "program.ts", "runtimes.ts", "world.ts"],
    "its checks and ledger are what the other trials reuse",
  ),
  attacks: rule(
    ["torture", "parsed-or-usage.ts", "program.ts", "world.ts"],
    "an attack is judged alone, next to honest callers",
  ),
  "link-proxy": rule(["devices", "torture", "world.ts"], "a proxy stands between a device and the world"),
  fuzz: rule(
    ["link-proxy", "torture", "parsed-or-usage.ts", "program.ts", "world.ts"],
    "hostile input goes to one running world",
  ),
  cluster: rule(
    ["devices", "torture", "free-port.ts", "program.ts", "runtimes.ts"],
    "it starts its own nodes, not the world of one server",
  ),
};

const sim: Folders = {
  time: rule([], "simulated time is below everything that waits"),
  world: rule(["time"], "the state of one run, its trace and its random choices are below what acts in it"),
  server: rule(["time", "world"], "the server does not know the devices that it serves"),
  link: rule(["server", "time", "world"], "a connection joins one device to one node"),
  device: rule(["link", "server", "time", "world"], "a device reaches the server through its connection"),
  invariants: rule(["device", "link", "server", "world"], "they observe a run and change nothing in it"),
  actors: rule(
    ["device", "invariants", "link", "server", "time", "world"],
    "callers, the fleet and faults act on a run; no observed part knows them",
  ),
};

const bench: Folders = {
  files: rule([], "sample files need nothing of a server"),
  load: rule([], "a request is sent the same way in each bench"),
  list: rule(["load"], "rows are written before a server measures them"),
  processes: rule(["load", "bench.ts"], "a real process is started and measured the same way in each bench"),
  baselines: rule(["files", "processes"], "the baseline of the machine is measured without the server"),
  fleet: rule(["load", "processes", "statistics.ts"], "devices run in processes of their own"),
  competitors: rule(
    ["files", "load", "processes", "bench.ts"],
    "ours and the other programs are used through one interface",
  ),
  syscalls: rule(["processes", "bench.ts"], "what a process asks of the system is read from its trace"),
  benches: rule(
    [
      ...["baselines", "competitors", "files", "fleet", "list", "load", "processes", "syscalls"],
      ...["bench.ts", "figure.ts", "statistics.ts"],
    ],
    "a bench is the top: only the list of benches knows it",
  ),
};

const release: Folders = {
  source: rule(["run-program.ts"], "what is built is read before anything is built"),
  runtimes: rule(["source", "run-program.ts"], "a runtime is what the lockfile pins"),
  build: rule(["run-program.ts", "targets.ts"], "a program is built from a runtime, wherever that came from"),
  archive: rule([], "an archive needs files only"),
  notices: rule(["source", "run-program.ts"], "the list of parts is read from the lockfile, not from what was built"),
  sums: rule(["run-program.ts"], "what is signed is whatever files there are"),
};

const protocol: Folders = {
  time: rule([], "clocks and waits are below all that waits, in every package"),
  errors: rule([], "a refusal and the code of an error are read the same way in every package"),
  version: rule([], "a program says which it is without anything else"),
  text: rule(["errors"], "text rules are below all schemas"),
  network: rule(["errors"], "proxies and certificates are no part of a schema"),
  link: rule(["text", "file-name.ts"], "the agent protocol does not depend on the HTTP API"),
  "link-crypto": rule(["link", "errors"], "it signs and seals what the schemas of the link describe"),
  api: rule(["link", "text", "file-name.ts"], "the API shows values that the agent reported"),
  client: rule(["api", "text", "time"], "a client knows the API and nothing of agents"),
};

export const FOLDERS: Readonly<Record<string, Folders>> = { protocol, server, agent, cli, dev, sim, bench, release };

export const MAX_FILES = 12;

/** Folders of more than {@link MAX_FILES} source files, each with its reason. */
export const LARGE_FOLDERS: Readonly<Record<string, string>> = {
  "server/src/store/migrations": "a migration is one numbered file, and none is ever moved after a release",
};
