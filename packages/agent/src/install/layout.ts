import path from "node:path";

/** Where an installed agent has its files. All of them are removed by an uninstall. */
export interface InstallLayout {
  /**
   * The folder of the executable, with nothing else in it. It is not below `/usr/local`, which the
   * group `staff` can write to on some Debian systems.
   */
  readonly programFolder: string;
  readonly executable: string;
  /** A link to the executable, in the PATH of people. */
  readonly command: string;
  readonly unit: string;
  readonly dataRoot: string;
}

export const UNIT_NAME = "halligan-agent.service";

/** @param root `/`, or the folder of another system's files, such as an image that is being made */
export function installLayout(root: string): InstallLayout {
  const at = (...parts: string[]) => path.join(path.resolve(root), ...parts);
  return {
    programFolder: at("opt/halligan-agent"),
    executable: at("opt/halligan-agent/halligan-agent"),
    command: at("usr/local/bin/halligan-agent"),
    unit: at("etc/systemd/system", UNIT_NAME),
    dataRoot: at("var/lib/halligan-agent"),
  };
}
