/** Actions from their start to their results, one world for all. */
import "./cases/machine-action.cases.ts";
import "./cases/result.cases.ts";
import "./cases/cancel.cases.ts";
import "./cases/list-actions.cases.ts";
import "./cases/flows.cases.ts";
import "./cases/action-options.cases.ts";
import "./cases/run-as.cases.ts";
import "./cases/secrets.cases.ts";
