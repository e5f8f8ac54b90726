import type { HttpContext } from "./context.ts";
import type { Operation } from "./operation.ts";
import { watchMachineAction } from "./operations/action-events.ts";
import {
  addApplicationSecret,
  createApplication,
  deleteApplication,
  deleteApplicationSecret,
  listApplications,
  removeOneSecret,
  revokeApplicationTokens,
} from "./operations/applications.ts";
import { blockCaller, listBlockedCallers, unblockCaller } from "./operations/blocked-callers.ts";
import { cancelMachineAction } from "./operations/cancel-machine-action.ts";
import { completeResult } from "./operations/complete-result.ts";
import { createEnrollmentToken } from "./operations/create-enrollment-token.ts";
import { deleteLibraryFile } from "./operations/delete-library-file.ts";
import {
  createDeviceGroup,
  deleteDeviceGroup,
  listDeviceGroups,
  setMachineDeviceGroup,
  updateDeviceGroup,
} from "./operations/device-groups.ts";
import { downloadResult } from "./operations/download-result.ts";
import { enroll } from "./operations/enroll.ts";
import { listEnrollmentTokens, revokeEnrollmentToken } from "./operations/enrollment-tokens.ts";
import { findMachinesByIp } from "./operations/find-machines-by-ip.ts";
import { findMachinesByTag } from "./operations/find-machines-by-tag.ts";
import { getMachineActionEvidence } from "./operations/get-action-evidence.ts";
import { getInfo } from "./operations/get-info.ts";
import { getLibraryFile } from "./operations/get-library-file.ts";
import { getLiveResponseResultDownloadLink } from "./operations/get-live-response-result-download-link.ts";
import { getMachine } from "./operations/get-machine.ts";
import { getMachineAction } from "./operations/get-machine-action.ts";
import { getMachineActionResults } from "./operations/get-machine-action-results.ts";
import { getMachineActionTiming } from "./operations/get-machine-action-timing.ts";
import { getOpenApi } from "./operations/get-openapi.ts";
import { getOrderFile } from "./operations/get-order-file.ts";
import { getHealth, getMetrics, getReadiness } from "./operations/health.ts";
import {
  approveLibraryContent,
  listLibraryApprovals,
  withdrawLibraryApproval,
} from "./operations/library-approvals.ts";
import { getLibraryFileContent, listLibraryFileVersions } from "./operations/library-history.ts";
import { listAlerts } from "./operations/list-alerts.ts";
import { listAudit } from "./operations/list-audit.ts";
import { listLibraryFiles } from "./operations/list-library-files.ts";
import { listMachineActions } from "./operations/list-machine-actions.ts";
import { listMachines } from "./operations/list-machines.ts";
import { getMachineDetails, listMachineDetails } from "./operations/machine-details.ts";
import {
  deleteMachine,
  quarantineMachine,
  reinstateMachine,
  releaseMachine,
  renameMachine,
  replaceMachineTags,
  retireMachine,
} from "./operations/machine-life.ts";
import { putLibraryFile } from "./operations/put-library-file.ts";
import { putResultPart } from "./operations/put-result-part.ts";
import { revokeResultLinks } from "./operations/revoke-result-links.ts";
import { runLiveResponse } from "./operations/run-live-response.ts";
import { setMachineTags } from "./operations/set-machine-tags.ts";
import {
  discoverInstance,
  getUserRealm,
  openIdConfigurationV1,
  openIdConfigurationV2,
  tokenKeysV1,
  tokenKeysV2,
} from "./operations/sign-in-discovery.ts";
import { stageContent } from "./operations/stage-content.ts";
import { startLiveResponse } from "./operations/start-live-response.ts";
import { tokenV1, tokenV2 } from "./operations/tokens.ts";
import { unservedOperations } from "./operations/unserved-operations.ts";
import { uploadLibraryFile } from "./operations/upload-library-file.ts";

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
