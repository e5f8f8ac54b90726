/**
 * Percent-encodes the UTF-8 of everything but `[A-Za-z0-9._-]`; a lone surrogate becomes U+FFFD.
 */
const encodeName = (name: string): string =>
  [...Buffer.from(name.toWellFormed(), "utf8")]
    .map((byte) => {
      const character = String.fromCharCode(byte);
      return /[A-Za-z0-9._-]/.test(character) ? character : `%${byte.toString(16).toUpperCase().padStart(2, "0")}`;
    })
    .join("");

/**
 * `Content-Disposition` for a download. The name must be last: one product takes everything after
 * `filename=` to the END of the header, strips quotes and a final `.gz`, and percent-decodes it.
 * `docs/contract/clients-in-the-wild.md#result-download`.
 */
export const attachment = (fileName: string): string => `attachment; filename="${encodeName(fileName)}"`;
