import { writeFile } from "node:fs/promises";
import { VERSION } from "@halligan/protocol/version";
import { OPERATIONS } from "../src/http/api/routes.ts";
import { committedDocument } from "../src/http/openapi/committed-document.ts";
import { jsonText } from "../src/http/openapi/json.ts";
import { permissionsDocument } from "../src/http/openapi/permissions-document.ts";

/** Writes the documents that unit tests compare with the route table. `npm run openapi`. */
const docs = new URL("../../../docs/", import.meta.url);
await writeFile(new URL("openapi.json", docs), jsonText(committedDocument(OPERATIONS, VERSION)));
await writeFile(new URL("permissions.md", docs), permissionsDocument(OPERATIONS));
