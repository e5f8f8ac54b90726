import { RUNS } from "../../unit/odata/runs.ts";
import { SqliteLists } from "./odata-database.ts";
import { describeLists } from "./odata-lists.contract.ts";

describeLists("SQLite", () => SqliteLists.open(), RUNS);
