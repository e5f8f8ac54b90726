import type { Applications } from "./applications.ts";
import { applications } from "./applications.ts";
import type { AuditLog } from "./audit.ts";
import { auditLog } from "./audit.ts";
import type { BlockedCallers } from "./blocked-callers.ts";
import { blockedCallers } from "./blocked-callers.ts";
import type { DeviceGroups } from "./device-groups.ts";
import { deviceGroups } from "./device-groups.ts";
import type { EnrollmentTokens } from "./enrollment-tokens.ts";
import { enrollmentTokens } from "./enrollment-tokens.ts";
import type { LibraryApprovals } from "./library-approvals.ts";
import { libraryApprovals } from "./library-approvals.ts";
import type { LibraryFiles } from "./library-files.ts";
import { libraryFiles } from "./library-files.ts";
import type { MachineActions } from "./machine-actions.ts";
import { machineActions } from "./machine-actions.ts";
import type { Machines } from "./machines.ts";
import { machines } from "./machines.ts";
import type { Meta } from "./meta.ts";
import { meta } from "./meta.ts";
import type { Nodes } from "./nodes.ts";
import { nodes } from "./nodes.ts";
import type { RequestWindows } from "./request-windows.ts";
import { requestWindows } from "./request-windows.ts";
import type { ResultLinks } from "./result-links.ts";
import { resultLinks } from "./result-links.ts";
import type { ResultSpaces } from "./result-space.ts";
import { resultSpaces } from "./result-space.ts";
import type { Results } from "./results.ts";
import { results } from "./results.ts";
import type { SignedEnds } from "./signed-ends.ts";
import { signedEnds } from "./signed-ends.ts";
import type { StagedContents } from "./staged-contents.ts";
import { stagedContents } from "./staged-contents.ts";
import type { Executor } from "./statement.ts";
import type { UsedAssertions } from "./used-assertions.ts";
import { usedAssertions } from "./used-assertions.ts";

/** Everything that one transaction can reach: the aggregates, each with its statements. */
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
}

/**
 * The truth. A `work` function is one use case: it loads, lets the domain decide and saves; it awaits nothing but its own
 * `tx`, because on SQLite neighbours wait for it. When it throws, nothing of it is kept; the answer comes after the
 * commit is durable. It may run more than once, each time from the beginning, when it or a neighbour failed: it has no effect but through `tx`.
 */
export interface Store {
  /** A consistent look. Sees every write that was answered before. */
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
  };
}
