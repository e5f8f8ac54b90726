import { describeListTurns } from "./list-turns.contract.ts";

describeListTurns("SQLite");
