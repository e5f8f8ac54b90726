import { writeFile } from "node:fs/promises";
import { OPERATIONS } from "../src/http/api/routes.ts";
import { committedDocument } from "../src/http/openapi/committed-document.ts";
import { jsonText } from "../src/http/openapi/json.ts";
import { VERSION } from "../src/version.ts";

/** Writes `docs/openapi.json`, which a unit test compares with the route table. `npm run openapi`. */
const file = new URL("../../../docs/openapi.json", import.meta.url);
await writeFile(file, jsonText(committedDocument(OPERATIONS, VERSION)));
