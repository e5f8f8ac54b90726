import assert from "node:assert/strict";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { test } from "node:test";
import { World } from "../../../src/world.ts";

test("a server that is older than its database does not start, says what it does not know, and changes nothing", async () => {
  await using world = await World.start({ agents: 0 });
  await world.server.stop();
  const migrations = (change: string) => {
    using closing = new DisposableStack();
    const database = closing.adopt(new DatabaseSync(join(world.dataDir, "halligan.db")), (open) => open.close());
    database.exec(change);
    return database.prepare("select name from kysely_migration order by name").all();
  };
  const before = migrations(
    "insert into kysely_migration (name, timestamp) values ('9999-from-the-future', '2099-01-01T00:00:00.000Z')",
  );
  await assert.rejects(
    world.startServer(),
    /ended with 1.*made by a newer halligan-server: it has the migration 9999-from-the-future/s,
  );
  assert.deepEqual(migrations("select 1"), before);
  migrations("delete from kysely_migration where name = '9999-from-the-future'");
  await world.startServer();
});
