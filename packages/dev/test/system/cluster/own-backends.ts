import { NatsServer, natsServerProgram } from "../../../../server/test/support/nats-server.ts";
import { startS3Server } from "../../../../server/test/support/object-servers.ts";
import { PostgresServer } from "../../../../server/test/support/postgres-server.ts";
import type { ClusterBackends } from "../../../src/cluster/backends.ts";

/**
 * Backends of a test's own, which it may kill. A text says what this machine does not have: the
 * name of a skipped test.
 */
export async function openOwnBackends(): Promise<ClusterBackends | string> {
  if (natsServerProgram() === null) return "no nats-server is installed";
  await using undo = new AsyncDisposableStack();
  const postgres = await PostgresServer.start();
  if (!postgres) return "no PostgreSQL is installed that could be started";
  undo.use(postgres);
  const nats = undo.use(await NatsServer.start());
  const s3 = undo.use(await startS3Server());
  const owner = undo.move();
  return {
    postgres: { url: postgres.url, kill: () => postgres.kill(), restart: () => postgres.restart() },
    nats: { url: nats.url, kill: () => nats.kill(), restart: () => nats.startAgain() },
    blobs: {
      HALLIGAN_BLOBS: `s3://halligan/cluster?endpoint=${s3.endpoint}&pathStyle=true`,
      HALLIGAN_S3_ACCESS_KEY_ID: s3.credentials.s3AccessKeyId ?? "",
      HALLIGAN_S3_SECRET_ACCESS_KEY: s3.credentials.s3SecretAccessKey ?? "",
    },
    [Symbol.asyncDispose]: () => owner.disposeAsync(),
  };
}
