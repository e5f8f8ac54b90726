import type { Operation } from "../edge/operation.ts";
import type { HttpContext } from "./context.ts";
import { watchMachineAction } from "./operations/actions/action-events.ts";
import { cancelMachineAction } from "./operations/actions/cancel-machine-action.ts";
import { getMachineAction } from "./operations/actions/get-machine-action.ts";
import { getMachineActionTiming } from "./operations/actions/get-machine-action-timing.ts";
import { listMachineActions } from "./operations/actions/list-machine-actions.ts";
import { runLiveResponse } from "./operations/actions/run-live-response.ts";
import { startLiveResponse } from "./operations/actions/start-live-response.ts";
import { blockCaller, listBlockedCallers, unblockCaller } from "./operations/administration/blocked-callers.ts";
import { listAudit } from "./operations/administration/list-audit.ts";
import { createEnrollmentToken } from "./operations/agents/create-enrollment-token.ts";
import { enroll } from "./operations/agents/enroll.ts";
import { listEnrollmentTokens, revokeEnrollmentToken } from "./operations/agents/enrollment-tokens.ts";
import { getOrderFile } from "./operations/agents/get-order-file.ts";
import {
  addApplicationSecret,
  createApplication,
  deleteApplication,
  deleteApplicationSecret,
  listApplications,
  removeOneSecret,
  revokeApplicationTokens,
} from "./operations/identity/applications.ts";
import {
  discoverInstance,
  getUserRealm,
  openIdConfigurationV1,
  openIdConfigurationV2,
  tokenKeysV1,
  tokenKeysV2,
} from "./operations/identity/sign-in-discovery.ts";
import { tokenV1, tokenV2 } from "./operations/identity/tokens.ts";
import { deleteLibraryFile } from "./operations/library/delete-library-file.ts";
import { getLibraryFile } from "./operations/library/get-library-file.ts";
import {
  approveLibraryContent,
  listLibraryApprovals,
  withdrawLibraryApproval,
} from "./operations/library/library-approvals.ts";
import { getLibraryFileContent, listLibraryFileVersions } from "./operations/library/library-history.ts";
import { listLibraryFiles } from "./operations/library/list-library-files.ts";
import { putLibraryFile } from "./operations/library/put-library-file.ts";
import { stageContent } from "./operations/library/stage-content.ts";
import { uploadLibraryFile } from "./operations/library/upload-library-file.ts";
import {
  createDeviceGroup,
  deleteDeviceGroup,
  listDeviceGroups,
  setMachineDeviceGroup,
  updateDeviceGroup,
} from "./operations/machines/device-groups.ts";
import { findMachinesByIp } from "./operations/machines/find-machines-by-ip.ts";
import { findMachinesByTag } from "./operations/machines/find-machines-by-tag.ts";
import { getMachine } from "./operations/machines/get-machine.ts";
import { listMachines } from "./operations/machines/list-machines.ts";
import { getMachineDetails, listMachineDetails } from "./operations/machines/machine-details.ts";
import {
  deleteMachine,
  quarantineMachine,
  reinstateMachine,
  releaseMachine,
  renameMachine,
  replaceMachineTags,
  retireMachine,
} from "./operations/machines/machine-life.ts";
import { setMachineTags } from "./operations/machines/set-machine-tags.ts";
import { unservedOperations } from "./operations/machines/unserved-operations.ts";
import { getInfo } from "./operations/probes/get-info.ts";
import { getOpenApi } from "./operations/probes/get-openapi.ts";
import { getHealth, getMetrics, getReadiness } from "./operations/probes/health.ts";
import { listAlerts } from "./operations/probes/list-alerts.ts";
import { completeResult } from "./operations/results/complete-result.ts";
import { downloadResult } from "./operations/results/download-result.ts";
import { getMachineActionEvidence } from "./operations/results/get-action-evidence.ts";
import { getLiveResponseResultDownloadLink } from "./operations/results/get-live-response-result-download-link.ts";
import { getMachineActionResults } from "./operations/results/get-machine-action-results.ts";
import { putResultPart } from "./operations/results/put-result-part.ts";
import { revokeResultLinks } from "./operations/results/revoke-result-links.ts";

/** Every operation of the wire. What is not here answers 404. */
export const OPERATIONS: readonly Operation<HttpContext>[] = [
  // The contract.
  tokenV1,
  tokenV2,
  openIdConfigurationV1,
  openIdConfigurationV2,
  tokenKeysV1,
  tokenKeysV2,
  discoverInstance,
  getUserRealm,
  runLiveResponse,
  listMachineActions,
  getMachineAction,
  cancelMachineAction,
  getLiveResponseResultDownloadLink,
  listMachines,
  findMachinesByTag,
  findMachinesByIp,
  getMachine,
  setMachineTags,
  listAlerts,
  ...unservedOperations,
  listLibraryFiles,
  uploadLibraryFile,
  deleteLibraryFile,
  // Halligan's own.
  getInfo,
  getOpenApi(() => OPERATIONS),
  startLiveResponse,
  stageContent,
  getMachineActionTiming,
  getMachineActionResults,
  getMachineActionEvidence,
  watchMachineAction,
  downloadResult,
  revokeResultLinks,
  getLibraryFile,
  putLibraryFile,
  getLibraryFileContent,
  listLibraryFileVersions,
  approveLibraryContent,
  withdrawLibraryApproval,
  listLibraryApprovals,
  listMachineDetails,
  getMachineDetails,
  renameMachine,
  replaceMachineTags,
  retireMachine,
  reinstateMachine,
  quarantineMachine,
  releaseMachine,
  deleteMachine,
  createEnrollmentToken,
  listEnrollmentTokens,
  revokeEnrollmentToken,
  createApplication,
  listApplications,
  deleteApplication,
  deleteApplicationSecret,
  addApplicationSecret,
  removeOneSecret,
  revokeApplicationTokens,
  blockCaller,
  listBlockedCallers,
  unblockCaller,
  listDeviceGroups,
  createDeviceGroup,
  updateDeviceGroup,
  deleteDeviceGroup,
  setMachineDeviceGroup,
  listAudit,
  // Whoever runs it.
  getHealth,
  getReadiness,
  getMetrics,
  // Agents.
  enroll,
  getOrderFile,
  putResultPart,
  completeResult,
];
