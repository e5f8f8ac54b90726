import type { Operation } from "../edge/operation.ts";
import type { HttpContext } from "./context.ts";
import { cancelMachineAction } from "./operations/actions/cancel-machine-action.ts";
import { getMachineAction } from "./operations/actions/get-machine-action.ts";
import { getMachineActionTiming } from "./operations/actions/get-machine-action-timing.ts";
import { listMachineActionDetails } from "./operations/actions/list-machine-action-details.ts";
import { listMachineActions } from "./operations/actions/list-machine-actions.ts";
import { runLiveResponse } from "./operations/actions/run-live-response.ts";
import { startLiveResponse } from "./operations/actions/start-live-response.ts";
import { waitForMachineAction } from "./operations/actions/wait-for-machine-action.ts";
import { watchMachineAction } from "./operations/actions/watch-machine-action.ts";
import { blockCaller } from "./operations/administration/block-caller.ts";
import { createDeviceGroup } from "./operations/administration/create-device-group.ts";
import { deleteDeviceGroup } from "./operations/administration/delete-device-group.ts";
import { listAudit } from "./operations/administration/list-audit.ts";
import { listBlockedCallers } from "./operations/administration/list-blocked-callers.ts";
import { listDeviceGroups } from "./operations/administration/list-device-groups.ts";
import { unblockCaller } from "./operations/administration/unblock-caller.ts";
import { updateDeviceGroup } from "./operations/administration/update-device-group.ts";
import { createEnrollmentToken } from "./operations/agents/create-enrollment-token.ts";
import { enroll } from "./operations/agents/enroll.ts";
import { getMachineSecretKey } from "./operations/agents/get-machine-secret-key.ts";
import { getOrderFile } from "./operations/agents/get-order-file.ts";
import { listEnrollmentTokens } from "./operations/agents/list-enrollment-tokens.ts";
import { revokeEnrollmentToken } from "./operations/agents/revoke-enrollment-token.ts";
import { addApplicationSecret } from "./operations/identity/add-application-secret.ts";
import { createApplication } from "./operations/identity/create-application.ts";
import { deleteApplication } from "./operations/identity/delete-application.ts";
import { deleteApplicationSecret } from "./operations/identity/delete-application-secret.ts";
import { listApplications } from "./operations/identity/list-applications.ts";
import { removeApplicationSecret } from "./operations/identity/remove-application-secret.ts";
import { revokeApplicationTokens } from "./operations/identity/revoke-application-tokens.ts";
import { discoverInstance } from "./operations/identity/sign-in/discover-instance.ts";
import { getUserRealm } from "./operations/identity/sign-in/get-user-realm.ts";
import { openIdConfigurationV1 } from "./operations/identity/sign-in/open-id-configuration-v1.ts";
import { openIdConfigurationV2 } from "./operations/identity/sign-in/open-id-configuration-v2.ts";
import { tokenKeysV1 } from "./operations/identity/sign-in/token-keys-v1.ts";
import { tokenKeysV2 } from "./operations/identity/sign-in/token-keys-v2.ts";
import { tokenV1 } from "./operations/identity/sign-in/token-v1.ts";
import { tokenV2 } from "./operations/identity/sign-in/token-v2.ts";
import { approveLibraryContent } from "./operations/library/approvals/approve-library-content.ts";
import { listLibraryApprovals } from "./operations/library/approvals/list-library-approvals.ts";
import { withdrawLibraryApproval } from "./operations/library/approvals/withdraw-library-approval.ts";
import { deleteLibraryFile } from "./operations/library/delete-library-file.ts";
import { getLibraryFile } from "./operations/library/get-library-file.ts";
import { getLibraryFileContent } from "./operations/library/get-library-file-content.ts";
import { listLibraryFileVersions } from "./operations/library/list-library-file-versions.ts";
import { listLibraryFiles } from "./operations/library/list-library-files.ts";
import { putLibraryFile } from "./operations/library/put-library-file.ts";
import { stageContent } from "./operations/library/stage-content.ts";
import { uploadLibraryFile } from "./operations/library/upload-library-file.ts";
import { findMachinesByIp } from "./operations/machines/find-machines-by-ip.ts";
import { findMachinesByTag } from "./operations/machines/find-machines-by-tag.ts";
import { getMachine } from "./operations/machines/get-machine.ts";
import { getMachineDetails } from "./operations/machines/get-machine-details.ts";
import { deleteMachine } from "./operations/machines/life/delete-machine.ts";
import { quarantineMachine } from "./operations/machines/life/quarantine-machine.ts";
import { reinstateMachine } from "./operations/machines/life/reinstate-machine.ts";
import { releaseMachine } from "./operations/machines/life/release-machine.ts";
import { retireMachine } from "./operations/machines/life/retire-machine.ts";
import { listMachineDetails } from "./operations/machines/list-machine-details.ts";
import { listMachines } from "./operations/machines/list-machines.ts";
import { renameMachine } from "./operations/machines/rename-machine.ts";
import { replaceMachineTags } from "./operations/machines/replace-machine-tags.ts";
import { setMachineDeviceGroup } from "./operations/machines/set-machine-device-group.ts";
import { setMachineTags } from "./operations/machines/set-machine-tags.ts";
import { unsupportedMachineActions } from "./operations/machines/unsupported-machine-action.ts";
import { getHealth } from "./operations/probes/get-health.ts";
import { getInfo } from "./operations/probes/get-info.ts";
import { getMetrics } from "./operations/probes/get-metrics.ts";
import { getOpenApi } from "./operations/probes/get-open-api.ts";
import { getReadiness } from "./operations/probes/get-readiness.ts";
import { listAlerts } from "./operations/probes/list-alerts.ts";
import { downloadCommandFile } from "./operations/results/download-command-file.ts";
import { downloadCommandOutput } from "./operations/results/download-command-output.ts";
import { downloadResult } from "./operations/results/download-result.ts";
import { getCommandScript } from "./operations/results/get-command-script.ts";
import { getLiveResponseResultDownloadLink } from "./operations/results/get-live-response-result-download-link.ts";
import { getMachineActionEvidence } from "./operations/results/get-machine-action-evidence.ts";
import { getMachineActionResults } from "./operations/results/get-machine-action-results.ts";
import { revokeResultLinks } from "./operations/results/revoke-result-links.ts";
import { completeResult } from "./operations/results/uploads/complete-result.ts";
import { putResultPart } from "./operations/results/uploads/put-result-part.ts";
import { watchMachineActionOutput } from "./operations/results/watch-machine-action-output.ts";

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
  ...unsupportedMachineActions,
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
  getCommandScript,
  watchMachineAction,
  watchMachineActionOutput,
  waitForMachineAction,
  listMachineActionDetails,
  downloadCommandFile,
  downloadCommandOutput,
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
  getMachineSecretKey,
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
  removeApplicationSecret,
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
  // For operators.
  getHealth,
  getReadiness,
  getMetrics,
  // Agents.
  enroll,
  getOrderFile,
  putResultPart,
  completeResult,
];
