import type { RunAsObstacle } from "../../domain/errors.ts";

/** With the remedy. */
export const RUN_AS_OBSTACLES: Readonly<Record<RunAsObstacle, string>> = {
  notLinux: "this works on Linux only",
  notRoot: "its agent does not run as root. Run it as root, or start the script without runAs",
  noSetpriv:
    "its agent cannot use setpriv. Install util-linux, and let the agent's service change users (CAP_SETUID, CAP_SETGID)",
  unknown:
    "its agent is too old for runAs, or has not connected since its upgrade. Upgrade it, and let it connect once",
};
