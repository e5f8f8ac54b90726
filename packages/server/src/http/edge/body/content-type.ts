/** The media type in lower case, without parameters; empty when there is no header. */
export const mediaTypeOf = (header: string | undefined): string =>
  (header ?? "").split(";", 1)[0]?.trim().toLowerCase() ?? "";

export const isJsonType = (mediaType: string): boolean =>
  mediaType === "application/json" || mediaType === "text/json" || /^application\/[a-z0-9.-]+\+json$/.test(mediaType);

/** The `charset` parameter in lower case; UTF-8 when there is none. */
export const charsetOf = (header: string | undefined): string =>
  (/;\s*charset\s*=\s*"?([^";\s]+)/i.exec(header ?? "")?.[1] ?? "utf-8").toLowerCase();
