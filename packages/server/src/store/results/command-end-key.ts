import { type SqlBool, sql } from "kysely";

/**
 * Keys of `command_end`. They are numbers that contain the sequence of the action, so that the
 * table is its own index. With an id and an index as key, SQLite keeps a second tree, and each end
 * of a command writes one more page.
 */

/** More than a command's index can be (`docs/contract/http-api.md`: at most 100 commands). */
const KEYS_OF_AN_ACTION = sql.lit(1_024);

/** In a query of `machine_action`: the key of the command with this index. */
export const keyOf = (index: number) => sql<number>`machine_action.seq * ${KEYS_OF_AN_ACTION} + ${index}`;

/** Of a row of `command_end`. */
export const COMMAND_INDEX = sql<number>`command_end.key % ${KEYS_OF_AN_ACTION}`;

/** Whether a row of `command_end` belongs to a row of `machine_action`. */
export const IS_OF_ACTION = sql<SqlBool>`command_end.key >= machine_action.seq * ${KEYS_OF_AN_ACTION}
  and command_end.key < (machine_action.seq + 1) * ${KEYS_OF_AN_ACTION}`;

/** Whether a row of `command_end` belongs to the action with this id. */
export const isOf = (actionId: string) => sql<SqlBool>`
  key >= (select seq * ${KEYS_OF_AN_ACTION} from machine_action where id = ${actionId})
  and key < (select (seq + 1) * ${KEYS_OF_AN_ACTION} from machine_action where id = ${actionId})`;

/** Whether a row of `command_end` belongs to the action with this sequence. */
export const isOfSequence = (seq: number) => sql<SqlBool>`
  key >= ${seq} * ${KEYS_OF_AN_ACTION} and key < (${seq} + 1) * ${KEYS_OF_AN_ACTION}`;
