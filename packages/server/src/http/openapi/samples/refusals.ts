/** Why requests are refused, where several operations have the same reason. */

export const BODY_REFUSED = "`InvalidRequestBody`, `MissingRequiredParameter`: the body.";

export const ACTION_NOT_FOUND =
  "`ResourceNotFound`: there is no such action, or its machine is in none of the user's device groups.";

export const MACHINE_NOT_FOUND =
  "`ResourceNotFound`: there is no such machine, or it is in none of the user's device groups.";

export const APPLICATION_NOT_FOUND = "`ResourceNotFound`: there is no such application.";

export const GROUP_NOT_FOUND = "`ResourceNotFound`: there is no such device group.";

export const GROUP_REFUSED =
  "`InvalidInput`: the name is taken. `InvalidRequestBody`, `MissingRequiredParameter`: the body.";

export const LIBRARY_FILE_NOT_FOUND = "`ResourceNotFound`: the library has no file of that name.";

export const RANGE_REFUSED = "`BadRequest`: the range lies outside the content.";

export const ORDER_GONE =
  "`ResourceNotFound`: it is not an action whose order is out on this machine; the server does not want it.";

export const DISK_FULL =
  "`InsufficientStorage`: the server is out of space. `ResultQuotaExceeded`: a quota for results is used up. Try again later.";

export const UPLOADS_BOUNDED =
  "`TooManyRequests`: the machine sends too many requests, its uploads were refused too often, or it has other uploads at work. `Retry-After` says how long to wait.";

export const TENANT_REFUSALS = {
  400: "`invalid_tenant`: there is no such tenant; the message names the one that is.",
} as const;

export const TOKEN_REFUSALS = {
  400: "`invalid_request`, `unsupported_grant_type`, `invalid_scope` or `invalid_resource`.",
  401: "`invalid_client`: the client or its proof is wrong.",
  429: "`temporarily_unavailable`: too many requests of the address, or too many failures of the address or the client. `Retry-After` says how long to wait.",
} as const;
