/**
 * The baseline of `intake`: a bare Fastify route with the same schema that commits one row durably
 * for each request: WAL and `synchronous=FULL`, as the store has it. No token, no rules, no audit
 * row, no shared commits. Requests: `{"file":DATABASE}`.
 */
import { randomUUID } from "node:crypto";
import { createInterface } from "node:readline";
import { type TypeBoxTypeProvider, TypeBoxValidatorCompiler } from "@fastify/type-provider-typebox";
import { RunLiveResponseRequest } from "@halligan/protocol/api";
import Database from "better-sqlite3";
import Fastify from "fastify";
import { Type } from "typebox";
import { Value } from "typebox/value";

const Request = Type.Object({ file: Type.String() });

for await (const line of createInterface({ input: process.stdin })) {
  const { file } = Value.Parse(Request, JSON.parse(line));
  const database = new Database(file);
  database.pragma("journal_mode = WAL");
  database.pragma("synchronous = FULL");
  database.exec("create table action (id text primary key, machine_id text, request text, created_at_ms integer)");
  const insert = database.prepare("insert into action values (?, ?, ?, ?)");
  const app = Fastify().setValidatorCompiler(TypeBoxValidatorCompiler).withTypeProvider<TypeBoxTypeProvider>();
  app.post(
    "/api/machines/:id/runliveresponse",
    { schema: { params: Type.Object({ id: Type.String() }), body: RunLiveResponseRequest } },
    (request, reply) => {
      const id = randomUUID();
      insert.run(id, request.params.id, JSON.stringify(request.body), Date.now());
      reply.code(201).send({ id, status: "Pending" });
    },
  );
  const baseUrl = await app.listen({ host: "127.0.0.1", port: 0 });
  process.stdout.write(`${JSON.stringify({ baseUrl })}\n`);
  process.stdin.once("end", () => {
    void app.close().then(() => database.close());
  });
}
