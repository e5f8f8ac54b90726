import { systemClock } from "@halligan/protocol/time";
import { lockFolder } from "../../src/identity/folder-lock.ts";

/** Locks the folder and holds it until it is killed. */
const [, , folder = ""] = process.argv;
await lockFolder(folder, "boot", systemClock);
process.stdout.write("locked\n");
setInterval(() => undefined, 60_000);
