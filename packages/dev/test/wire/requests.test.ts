/**
 * What goes out and comes back, one world for all: who asks, how it is spelt, what is read and
 * stored.
 */
import "./cases/paths.cases.ts";
import "./cases/connection-tests.cases.ts";
import "./cases/sign-in.cases.ts";
import "./cases/tokens.cases.ts";
import "./cases/errors.cases.ts";
import "./cases/library.cases.ts";
import "./cases/archive.cases.ts";
import "./cases/chosen-content.cases.ts";
import "./cases/nameless-script.cases.ts";
import "./cases/machines.cases.ts";
import "./cases/device-groups.cases.ts";
import "./cases/start.cases.ts";
import "./cases/queued-start.cases.ts";
import "./cases/idempotency.cases.ts";
import "./cases/text.cases.ts";
import "./cases/query-options.cases.ts";
