import { type ClientClock, createClient, type WaitNotice } from "@halligan/protocol/client";
import { type Answer, type FakeServer, type SeenRequest, tokenAnswer } from "./fake-server.ts";

export const APPLICATIONS = {
  value: [
    {
      clientId: "c",
      name: "n",
      roles: ["Machine.LiveResponse"],
      createdAt: "2026-11-21T00:00:00Z",
      hasSecret: true,
      keyIds: [],
    },
  ],
};

/** Time passes only by sleeping. */
export function fakeClock(): ClientClock & { slept: number[]; advance(ms: number): void } {
  let nowMs = Date.parse("2026-11-21T12:00:00Z");
  const slept: number[] = [];
  return {
    slept,
    advance: (ms) => {
      nowMs += ms;
    },
    nowMs: () => nowMs,
    after(ms, run) {
      slept.push(ms);
      nowMs += ms;
      queueMicrotask(run);
      return () => undefined;
    },
  };
}

export function clientOf(
  server: FakeServer,
  more: { clock?: ClientClock; onWait?: (notice: WaitNotice) => void; maxRetryWaitMs?: number } = {},
) {
  const credentials = { tokenUrl: `${server.url}/tenant/oauth2/v2.0/token`, clientId: "app", clientSecret: "s&cret" };
  return createClient({ baseUrl: `${server.url}/`, credentials, clock: fakeClock(), ...more });
}

/** Tokens named token-1, token-2, ...; the API's answers from the test. */
export function withTokens(api: (request: SeenRequest, apiIndex: number) => Answer) {
  let tokens = 0;
  let calls = 0;
  return (request: SeenRequest): Answer => {
    if (request.url.endsWith("/token")) {
      tokens += 1;
      return tokenAnswer(`token-${tokens}`);
    }
    calls += 1;
    return api(request, calls - 1);
  };
}

export const apiCalls = (server: FakeServer) => server.seen.filter(({ url }) => !url.endsWith("/token"));
export const tokenCalls = (server: FakeServer) => server.seen.filter(({ url }) => url.endsWith("/token"));
