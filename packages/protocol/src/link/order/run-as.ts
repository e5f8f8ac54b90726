/**
 * `runAs`: scripts of an action run as another user of the device
 * (docs/decisions/0052-run-as.md).
 */
import { Type } from "typebox";

/**
 * The name of a user of a device. It begins with a letter or an underscore, so that no program
 * takes it for an option or a number. `@` and `\` are in names of directory services.
 */
export const DEVICE_USER_PATTERN = "^[A-Za-z_][A-Za-z0-9_.@\\\\-]{0,127}$";
export const DeviceUser = Type.String({ maxLength: 128, pattern: DEVICE_USER_PATTERN });

/** In `features` of a hello: the agent runs scripts as another user. */
export const RUN_AS = "runAs";
/** The agent knows `runAs`. It cannot change the user, because it does not run as root. */
export const RUN_AS_NEEDS_ROOT = "runAsNeedsRoot";
/**
 * The agent knows `runAs`. The device has no `setpriv` of util-linux, or the agent's service may
 * not use it.
 */
export const RUN_AS_NEEDS_SETPRIV = "runAsNeedsSetpriv";
