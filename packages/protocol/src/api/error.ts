import { type Static, Type } from "typebox";

/** The body of every 4xx and 5xx of the API. `docs/contract/http-api.md#errors`. */
export const ErrorWire = Type.Object({
  error: Type.Object({
    code: Type.String(),
    message: Type.String(),
    /** Correlation id: the same as in the server's log. */
    target: Type.String(),
  }),
});
export type ErrorWire = Static<typeof ErrorWire>;
