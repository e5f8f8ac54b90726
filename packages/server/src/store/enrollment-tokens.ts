import { type Executor, statement } from "./statement.ts";

export type EnrollmentTokens = ReturnType<typeof enrollmentTokens>;

export function enrollmentTokens(executor: Executor) {
  return {
    async insert(token: {
      id: string;
      tokenSha256: string;
      uses: number;
      expiresAtMs: number;
      createdBy: string;
      createdAtMs: number;
    }): Promise<void> {
      await executor.all(insert, {
        id: token.id,
        token_sha256: token.tokenSha256,
        uses: token.uses,
        expires_at_ms: token.expiresAtMs,
        created_by: token.createdBy,
        created_at_ms: token.createdAtMs,
      });
    },
    /** Takes one use off in one statement, so that two devices never share the last one. False: unknown, expired or used up. */
    async use(tokenSha256: string, nowMs: number): Promise<boolean> {
      return (await executor.all(use, { token_sha256: tokenSha256, now_ms: nowMs })).length > 0;
    },
  };
}

const insert = statement<{
  id: string;
  token_sha256: string;
  uses: number;
  expires_at_ms: number;
  created_by: string;
  created_at_ms: number;
}>()((db, p) =>
  db.insertInto("enrollment_token").values({
    id: p.id,
    token_sha256: p.token_sha256,
    uses: p.uses,
    uses_left: p.uses,
    expires_at_ms: p.expires_at_ms,
    created_by: p.created_by,
    created_at_ms: p.created_at_ms,
  }),
);

const use = statement<{ token_sha256: string; now_ms: number }>()((db, p) =>
  db
    .updateTable("enrollment_token")
    .set((eb) => ({ uses_left: eb("uses_left", "-", 1) }))
    .where("token_sha256", "=", p.token_sha256)
    .where("uses_left", ">", 0)
    .where("expires_at_ms", ">", p.now_ms)
    .returning("id"),
);
