import { randomBytes, randomUUID } from "node:crypto";
import { mkdir } from "node:fs/promises";
import { backgroundClock } from "@halligan/protocol/time";
import type { Logger } from "pino";
import type { BlobStore } from "../../blobs/blob-store.ts";
import { openBlobStore } from "../../blobs/open-blob-store.ts";
import type { Bus } from "../../bus/bus.ts";
import { localBus } from "../../bus/local-bus.ts";
import type { NatsBus } from "../../bus/nats-bus.ts";
import type { NatsAddress } from "../../bus/nats-options.ts";
import { type Config, ConfigError } from "../../config/config.ts";
import { ensureTenant } from "../../service/cluster/deployment-settings.ts";
import type { Measures } from "../../service/measures.ts";
import { lockFolder } from "../../store/sqlite/file-locks.ts";
import type { BackendSettings } from "../backend-settings.ts";
import { type Keys, loadKeys } from "../keys/keys.ts";
import { numberOrderKeys } from "../keys/order-key-set.ts";
import { type OpenedStore, openStore } from "../open-store.ts";

/** What one deployment keeps outside of this process, and its keys. */
export interface Backends extends OpenedStore {
  readonly blobs: BlobStore;
  readonly bus: Bus;
  /** Null where this process is alone. */
  readonly nats: NatsBus | null;
  readonly keys: Keys;
  readonly tenant: string;
}

/** Opens everything in the order of need. `started` closes it in the reverse order. */
export async function openBackends(
  config: Config,
  backendSettings: BackendSettings,
  ports: { readonly log: Logger; readonly measures: Measures },
  started: AsyncDisposableStack,
): Promise<Backends> {
  await mkdir(config.dataDir, { recursive: true, mode: 0o700 });
  started.use(lockFolder(config.dataDir));
  const loadedKeys = await loadKeys({ folder: config.keysDir, makes: config.makesKeys });
  const opened = await openStore(config, backendSettings);
  const { store } = opened;
  started.defer(() => store.close());
  const blobs = await openBlobs(config, backendSettings, started);
  const numbered = { folder: config.keysDir, accepted: loadedKeys.order.accepted, recovery: loadedKeys.recoveryFile };
  const keys: Keys = { ...loadedKeys, ...(await numberOrderKeys(store, numbered, backgroundClock.nowMs())) };
  const tenant = await ensureTenant(store, randomUUID);
  const nats = backendSettings.bus && (await openNats(backendSettings.bus, tenant, ports.log, ports.measures));
  if (nats) started.use(nats);
  return { ...opened, blobs, bus: nats ?? localBus(), nats, keys, tenant };
}

async function openBlobs(
  { numbers }: Config,
  backendSettings: BackendSettings,
  started: AsyncDisposableStack,
): Promise<BlobStore> {
  const { location, credentials } = backendSettings.blobs;
  const blobs = started.use(
    await openBlobStore(location, credentials, {
      random: randomBytes,
      nowMs: backgroundClock.nowMs,
      reserveBytes: numbers.diskReserveBytes,
    }),
  );
  const { resultLimitBytes } = numbers;
  if (blobs.maxResultBytes !== undefined && blobs.maxResultBytes < resultLimitBytes) {
    throw new ConfigError(
      `HALLIGAN_RESULT_LIMIT_BYTES is ${resultLimitBytes}, and the blob store takes results of at most ${blobs.maxResultBytes} bytes`,
    );
  }
  return blobs;
}

async function openNats(address: NatsAddress, tenant: string, log: Logger, measures: Measures): Promise<NatsBus> {
  // Its library is loaded only where it is used.
  const { natsBus } = await import("../../bus/nats-bus.ts");
  return natsBus({ ...address, deployment: tenant, log, onMalformed: () => measures.busMessageDropped("malformed") });
}
