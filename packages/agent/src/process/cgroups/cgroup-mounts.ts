/** The position of this process in the mounted cgroup hierarchies. Pure. */
import path from "node:path";

/**
 * In order of preference. v2 has the most functions. In v1, the freezer stops a tree that forks;
 * pids can only list it.
 */
const V1_CONTROLLERS = ["freezer", "pids"] as const;

/**
 * @param selfCgroup text of `/proc/self/cgroup`
 * @param mountInfo text of `/proc/self/mountinfo`
 * @returns folders, the best first
 */
export function ownCgroupFolders(selfCgroup: string, mountInfo: string): string[] {
  const find = finder(selfCgroup, mountInfo);
  return [
    ...find(
      (controllers) => controllers.join() === "",
      (mount) => mount.type === "cgroup2",
    ),
    ...V1_CONTROLLERS.flatMap((name) => controllerFolders(selfCgroup, mountInfo, name)),
  ];
}

/** The agent's own place in the v1 hierarchy of a controller. Parameters as above. */
export function controllerFolders(selfCgroup: string, mountInfo: string, name: string): string[] {
  return finder(selfCgroup, mountInfo)(
    (controllers) => controllers.includes(name),
    (mount) => mount.type === "cgroup" && mount.options.includes(name),
  );
}

function finder(selfCgroup: string, mountInfo: string) {
  const mounts = mountInfo.split("\n").flatMap(readMount);
  const entries = selfCgroup.split("\n").flatMap((line) => {
    const [, controllers, place] = /^\d+:([^:]*):(\/.*)$/.exec(line) ?? [];
    return controllers === undefined || place === undefined ? [] : [{ controllers: controllers.split(","), place }];
  });
  return (isEntry: (controllers: string[]) => boolean, isMount: (mount: Mount) => boolean): string[] => {
    const entry = entries.find(({ controllers }) => isEntry(controllers));
    return (entry ? mounts.filter(isMount) : []).flatMap((mount) => {
      const folder = entry && folderOf(entry.place, mount);
      return folder ? [folder.replace(/(?<=.)\/$/, "")] : [];
    });
  };
}

interface Mount {
  /** The mounted part of the hierarchy. */
  root: string;
  point: string;
  type: string;
  options: string[];
}

function readMount(line: string): Mount[] {
  const [before = "", after = ""] = line.split(" - ");
  const [, , , root, point] = before.split(" ");
  const [type, , options] = after.split(" ");
  if (!root || !point || !type) return [];
  return [{ root: unescapeMount(root), point: unescapeMount(point), type, options: (options ?? "").split(",") }];
}

/** Null when this process is outside of the mounted part. */
function folderOf(place: string, mount: Mount): string | null {
  // The mount is seen from a cgroup namespace that does not contain the process.
  if (place.split("/").includes("..")) return null;
  if (mount.root === "/") return path.posix.join(mount.point, place);
  if (place !== mount.root && !place.startsWith(`${mount.root}/`)) return null;
  return path.posix.join(mount.point, place.slice(mount.root.length));
}

const unescapeMount = (text: string) =>
  text.replace(/\\([0-7]{3})/g, (_, octal: string) => String.fromCharCode(Number.parseInt(octal, 8)));
