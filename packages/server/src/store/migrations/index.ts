import type { Migration } from "kysely/migration";
import * as firstLight from "./0001-first-light.ts";
import * as manyNodes from "./0002-many-nodes.ts";
import * as machineLife from "./0003-machine-life.ts";
import * as chosenContent from "./0004-chosen-content.ts";
import * as clones from "./0005-clones.ts";
import * as auditOfCallers from "./0006-audit-of-callers.ts";
import * as resultSpace from "./0007-result-space.ts";
import * as textWithoutCase from "./0012-text-without-case.ts";
import * as signedEnds from "./0013-signed-ends.ts";
import * as actionBounds from "./0015-action-bounds.ts";
import * as rights from "./0016-rights.ts";
import * as libraryContent from "./0018-library-content.ts";
import * as oneOverdueIndex from "./0019-one-overdue-index.ts";
import * as startInDoubt from "./0020-start-in-doubt.ts";
import * as fewerPages from "./0021-fewer-pages.ts";
import * as idempotencyKeys from "./0022-idempotency-keys.ts";
import * as scheduledActions from "./0024-scheduled-actions.ts";
import * as features from "./0025-features.ts";
import * as secrets from "./0026-secrets.ts";
import * as applicationOfAction from "./0027-application-of-action.ts";

/** Kysely runs them sorted by name. */
export const MIGRATIONS: Readonly<Record<string, Migration>> = {
  "0001-first-light": firstLight,
  "0002-many-nodes": manyNodes,
  "0003-machine-life": machineLife,
  "0004-chosen-content": chosenContent,
  "0005-clones": clones,
  "0006-audit-of-callers": auditOfCallers,
  "0007-result-space": resultSpace,
  "0012-text-without-case": textWithoutCase,
  "0013-signed-ends": signedEnds,
  "0015-action-bounds": actionBounds,
  "0016-rights": rights,
  "0018-library-content": libraryContent,
  "0019-one-overdue-index": oneOverdueIndex,
  "0020-start-in-doubt": startInDoubt,
  "0021-fewer-pages": fewerPages,
  "0022-idempotency-keys": idempotencyKeys,
  "0024-scheduled-actions": scheduledActions,
  "0025-features": features,
  "0026-secrets": secrets,
  "0027-application-of-action": applicationOfAction,
};
