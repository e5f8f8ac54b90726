/** The limits in force that matter to the owner of a device, in words. */
import type { AgentSettings } from "../settings.ts";

const rate = (bytes: number): string => (bytes === 0 ? "no cap" : `${bytes} bytes per second`);

const quota = (bytes: number): string => (bytes === 0 ? "no quota" : `at most ${bytes} bytes`);

export function limitTexts(settings: AgentSettings): string[] {
  return [
    `owner's log: ${settings.ownersLogFiles} files of at most ${settings.ownersLogBytes} bytes`,
    `journal: at most ${settings.maxJournalBytes} bytes`,
    `transfers: at most ${settings.maxServerConnections} connections at a time`,
    `working folder: ${quota(settings.maxWorkFolderBytes)}`,
    `outputs that wait: ${quota(settings.maxSpoolBytes)}`,
    `upload: ${rate(settings.uploadRateBytes)}`,
    `download: ${rate(settings.downloadRateBytes)}`,
  ];
}
