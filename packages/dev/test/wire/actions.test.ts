/** Actions from their start to their results, one world for all. */
import "./machine-action.cases.ts";
import "./result.cases.ts";
import "./cancel.cases.ts";
import "./list-actions.cases.ts";
import "./flows.cases.ts";
