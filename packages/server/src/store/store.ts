import type { IdempotencyKeys } from "./actions/idempotency-keys.ts";
import { idempotencyKeys } from "./actions/idempotency-keys.ts";
import type { MachineActions } from "./actions/machine-actions.ts";
import { machineActions } from "./actions/machine-actions.ts";
import type { SignedEnds } from "./actions/signed-ends.ts";
import { signedEnds } from "./actions/signed-ends.ts";
import type { AuditLog } from "./administration/audit.ts";
import { auditLog } from "./administration/audit.ts";
import type { BlockedCallers } from "./administration/blocked-callers.ts";
import { blockedCallers } from "./administration/blocked-callers.ts";
import type { EnrollmentTokens } from "./agents/enrollment-tokens.ts";
import { enrollmentTokens } from "./agents/enrollment-tokens.ts";
import type { Meta } from "./cluster/meta.ts";
import { meta } from "./cluster/meta.ts";
import type { Nodes } from "./cluster/nodes.ts";
import { nodes } from "./cluster/nodes.ts";
import type { Applications } from "./identity/applications.ts";
import { applications } from "./identity/applications.ts";
import type { RequestWindows } from "./identity/request-windows.ts";
import { requestWindows } from "./identity/request-windows.ts";
import type { UsedAssertions } from "./identity/used-assertions.ts";
import { usedAssertions } from "./identity/used-assertions.ts";
import type { LibraryApprovals } from "./library/library-approvals.ts";
import { libraryApprovals } from "./library/library-approvals.ts";
import type { LibraryFiles } from "./library/library-files.ts";
import { libraryFiles } from "./library/library-files.ts";
import type { StagedContents } from "./library/staged-contents.ts";
import { stagedContents } from "./library/staged-contents.ts";
import type { DeviceGroups } from "./machines/device-groups.ts";
import { deviceGroups } from "./machines/device-groups.ts";
import type { Machines } from "./machines/machines.ts";
import { machines } from "./machines/machines.ts";
import type { ResultLinks } from "./results/result-links.ts";
import { resultLinks } from "./results/result-links.ts";
import type { ResultSpaces } from "./results/result-space.ts";
import { resultSpaces } from "./results/result-space.ts";
import type { Results } from "./results/results.ts";
import { results } from "./results/results.ts";
import type { Executor } from "./statement.ts";

/** All that one transaction can access: the aggregates, each with its statements. */
export interface StoreTx {
  machines: Machines;
  actions: MachineActions;
  results: Results;
  resultSpace: ResultSpaces;
  signedEnds: SignedEnds;
  library: LibraryFiles;
  libraryApprovals: LibraryApprovals;
  resultLinks: ResultLinks;
  blockedCallers: BlockedCallers;
  applications: Applications;
  enrollmentTokens: EnrollmentTokens;
  audit: AuditLog;
  meta: Meta;
  deviceGroups: DeviceGroups;
  nodes: Nodes;
  requestWindows: RequestWindows;
  stagedContents: StagedContents;
  usedAssertions: UsedAssertions;
  idempotencyKeys: IdempotencyKeys;
}

/**
 * The authoritative state. A `work` function is one use case: it loads, lets the domain decide and
 * saves. It awaits only calls of its own `tx`, because on SQLite other units of work wait for it.
 * If it throws, nothing of it is kept. The result is returned after the commit is durable. `work`
 * may run more than once, each time from the beginning, if it or another unit of its batch failed.
 * So it may have no effect except through `tx`.
 */
export interface Store {
  /** A consistent read. Sees every write that was acknowledged before. */
  read<T>(work: (tx: StoreTx) => Promise<T>): Promise<T>;
  write<T>(work: (tx: StoreTx) => Promise<T>): Promise<T>;
  close(): Promise<void>;
}

export function storeTx(executor: Executor): StoreTx {
  return {
    machines: machines(executor),
    actions: machineActions(executor),
    results: results(executor),
    resultSpace: resultSpaces(executor),
    signedEnds: signedEnds(executor),
    library: libraryFiles(executor),
    libraryApprovals: libraryApprovals(executor),
    resultLinks: resultLinks(executor),
    blockedCallers: blockedCallers(executor),
    applications: applications(executor),
    enrollmentTokens: enrollmentTokens(executor),
    audit: auditLog(executor),
    meta: meta(executor),
    deviceGroups: deviceGroups(executor),
    nodes: nodes(executor),
    requestWindows: requestWindows(executor),
    stagedContents: stagedContents(executor),
    usedAssertions: usedAssertions(executor),
    idempotencyKeys: idempotencyKeys(executor),
  };
}
