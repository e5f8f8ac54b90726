/** Mistakes in the settings: a sentence for people each, on a line of its own. */
export class SettingsError extends Error {
  override readonly name = "SettingsError";

  constructor(faults: readonly string[], options?: ErrorOptions) {
    super(faults.join("\n"), options);
  }
}
