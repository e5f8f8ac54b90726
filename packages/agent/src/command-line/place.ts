/** Where an agent has its data folder and its settings, by the options of its commands. */
import { type EffectiveSettings, readSettings } from "../config/read-settings.ts";
import { defaultDataRoot } from "../disk/data-folder.ts";

export const PLACE_OPTIONS = { data: { type: "string" }, config: { type: "string" } } as const;

export interface Place {
  data?: string;
  config?: string;
}

export function dataRoot({ data }: Place): string {
  return data ?? defaultDataRoot(process.env, process.platform, process.geteuid?.() === 0);
}

/** @throws SettingsError with all mistakes */
export function effectiveSettings(place: Place): Promise<EffectiveSettings> {
  return readSettings({ root: dataRoot(place), configFile: place.config, env: process.env });
}
