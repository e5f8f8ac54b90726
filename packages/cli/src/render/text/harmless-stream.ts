import { harmlessText, unfinishedFrom } from "./harmless.ts";

/** Turns the bytes of one stream into text as they come. */
export interface TextStream {
  push(bytes: Uint8Array): string;
  /** What was held back. */
  end(): string;
}

/** The text as it is. Bytes that are not UTF-8 become U+FFFD; a chunk may cut a character. */
export function plainTextStream(): TextStream {
  const decoder = new TextDecoder("utf-8", { ignoreBOM: true });
  return {
    push: (bytes) => decoder.decode(bytes, { stream: true }),
    end: () => decoder.decode(),
  };
}

/**
 * For a terminal: as `harmlessText`, with the start of a control sequence held back until the rest
 * of it comes, so that no sequence passes in two parts. The end has a line break.
 */
export function terminalTextStream(): TextStream {
  const plain = plainTextStream();
  let held = "";
  let isLineOpen = false;
  const shown = (text: string): string => {
    const harmless = harmlessText(text);
    if (harmless !== "") isLineOpen = !harmless.endsWith("\n");
    return harmless;
  };
  return {
    push(bytes) {
      const text = held + plain.push(bytes);
      const end = unfinishedFrom(text);
      held = text.slice(end);
      return shown(text.slice(0, end));
    },
    end() {
      const text = shown(held + plain.end());
      held = "";
      const lineBreak = isLineOpen ? "\n" : "";
      isLineOpen = false;
      return text + lineBreak;
    },
  };
}
