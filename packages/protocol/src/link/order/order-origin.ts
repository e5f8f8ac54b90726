/**
 * Who asked for an action, and who cancelled it, as the server names them
 * (docs/decisions/0058-owners-log.md). The device writes it to its owner's log and decides nothing
 * by it. Only for agents whose hello has the feature {@link ORDER_ORIGIN}: older ones refuse orders
 * and frames with these members.
 */
import { type Static, Type } from "typebox";
import { UnixMs } from "../ids.ts";

/** In `features` of a hello: the agent takes the members of this file. */
export const ORDER_ORIGIN = "orderOrigin";

/** Longest name or id, in UTF-16 units. The server cuts longer ones. */
export const MAX_ORIGIN_NAME_CHARACTERS = 512;
/** Longest comment, in UTF-16 units. The server cuts longer ones and says so in the text. */
export const MAX_ORIGIN_COMMENT_CHARACTERS = 2_200;

const closed = { additionalProperties: false } as const;
const Name = Type.String({ maxLength: MAX_ORIGIN_NAME_CHARACTERS });
const Comment = Type.String({ maxLength: MAX_ORIGIN_COMMENT_CHARACTERS });

/** A member of the signed order. */
export const OrderOrigin = Type.Object(
  {
    /** Name of the application, or the user's principal name. */
    requestor: Name,
    /** Client id or user id. A name may change; this id does not. */
    requestorId: Name,
    /** Client id of the application that asked, or that the user asked through. */
    application: Type.Union([Name, Type.Null()]),
    comment: Comment,
    /** When the server accepted the request, by its clock. */
    requestedMs: UnixMs,
  },
  closed,
);
export type OrderOrigin = Static<typeof OrderOrigin>;

/** A member of `end`, and of the verdict `end`. Absent when no caller ended the action. */
export const CancelledBy = Type.Object({ requestor: Name, comment: Comment }, closed);
export type CancelledBy = Static<typeof CancelledBy>;
