/** What goes out and comes back, one world for all: who asks, how it is spelt, what is read and stored. */
import "./paths.cases.ts";
import "./connection-tests.cases.ts";
import "./sign-in.cases.ts";
import "./tokens.cases.ts";
import "./errors.cases.ts";
import "./library.cases.ts";
import "./chosen-content.cases.ts";
import "./machines.cases.ts";
import "./device-groups.cases.ts";
import "./start.cases.ts";
import "./text.cases.ts";
import "./query-options.cases.ts";
