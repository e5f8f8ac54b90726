import {
  type BlockCallerRequest,
  BlockedCallerListWire,
  BlockedCallerWire,
  LibraryApprovalListWire,
} from "../../api/index.ts";
import type { CallOptions } from "../options.ts";
import type { Transport } from "../transport/transport.ts";

export interface AccessOperations {
  /**
   * Approves a library file and returns all its approvals. 403 `DisallowedOperation` when the
   * caller's own account uploaded it.
   */
  approveLibraryContent(sha256: string, options?: CallOptions): Promise<LibraryApprovalListWire["value"]>;
  /**
   * Withdraws the approvals of all accounts. ApiError 404 `ResourceNotFound` when there is none.
   */
  withdrawLibraryApproval(sha256: string, options?: CallOptions): Promise<void>;
  listLibraryApprovals(sha256: string, options?: CallOptions): Promise<LibraryApprovalListWire["value"]>;
  /** Blocks a caller of an external issuer. Repeating it changes nothing. */
  blockCaller(request: BlockCallerRequest, options?: CallOptions): Promise<BlockedCallerWire>;
  /** ApiError 404 `ResourceNotFound` when the caller is not blocked. */
  unblockCaller(callerId: string, options?: CallOptions): Promise<void>;
  listBlockedCallers(options?: CallOptions): Promise<BlockedCallerWire[]>;
  /** Revokes every download link to a result of the action. */
  revokeResultLinks(actionId: string, options?: CallOptions): Promise<void>;
}

export function accessOperations(transport: Transport): AccessOperations {
  const send = async (method: "POST" | "DELETE", path: string, { signal }: CallOptions = {}) => {
    await (await transport.send({ method, path, signal })).body?.cancel();
  };
  const approvals = async (method: "GET" | "PUT", sha256: string, { signal }: CallOptions = {}) =>
    (await transport.sendForJson({ method, path: approvalPath(sha256), signal }, LibraryApprovalListWire)).value;
  return {
    approveLibraryContent: (sha256, options) => approvals("PUT", sha256, options),
    withdrawLibraryApproval: (sha256, options) => send("DELETE", approvalPath(sha256), options),
    listLibraryApprovals: (sha256, options) => approvals("GET", sha256, options),
    blockCaller: (request, { signal } = {}) =>
      transport.sendForJson({ method: "POST", path: BLOCKED, json: request, signal }, BlockedCallerWire),
    unblockCaller: (callerId, options) => send("DELETE", `${BLOCKED}/${encodeURIComponent(callerId)}`, options),
    async listBlockedCallers({ signal } = {}) {
      return (await transport.sendForJson({ method: "GET", path: BLOCKED, signal }, BlockedCallerListWire)).value;
    },
    revokeResultLinks: (actionId, options) =>
      send("POST", `/halligan/v1/actions/${encodeURIComponent(actionId)}/revoke-links`, options),
  };
}

const BLOCKED = "/halligan/v1/blocked-callers";
const approvalPath = (sha256: string): string => `/halligan/v1/library-approvals/${encodeURIComponent(sha256)}`;
