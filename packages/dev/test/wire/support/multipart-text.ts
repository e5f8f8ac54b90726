/** Parts of a multipart body, byte for byte: header lines and content. */
export interface PartText {
  readonly headers: readonly string[];
  readonly content: string;
}

export const BOUNDARY = "wire-test-boundary";
export const MULTIPART = `multipart/form-data; boundary=${BOUNDARY}`;

export const multipartText = (parts: readonly PartText[]): string =>
  `${parts.map(({ headers, content }) => `--${BOUNDARY}\r\n${headers.join("\r\n")}\r\n\r\n${content}\r\n`).join("")}--${BOUNDARY}--\r\n`;

export const fieldPart = (name: string, content: string): PartText => ({
  headers: [`Content-Disposition: form-data; name="${name}"`],
  content,
});

/** `contentType`: null for a part without one. */
export const filePart = (name: string, fileName: string, content: string, contentType: string | null): PartText => ({
  headers: [
    `Content-Disposition: form-data; name="${name}"; filename="${fileName}"`,
    ...(contentType === null ? [] : [`Content-Type: ${contentType}`]),
  ],
  content,
});
