// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what must not reach a terminal
const control = /[\u0000-\u001f\u007f-\u009f]/g;

/** Text of others as it may stand on a terminal: control characters (C0, DEL, C1) as `\x1b`. */
export function visibleText(text: string): string {
  return text.replace(control, (c) => `\\x${c.charCodeAt(0).toString(16).padStart(2, '0')}`);
}

/** As `visibleText` between double quotes, those inside with a backslash. */
export function quotedText(text: string): string {
  return `"${visibleText(text.replace(/["\\]/g, '\\$&'))}"`;
}
