import type { JsonWriter } from '../../output/index.ts';

const hexByte = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, '0'));

/** Bytes as text: 16 a line, two spaces after 8, no newline at the end. */
export function hexText(bytes: Uint8Array, start = 0, length = bytes.length - start): string {
  let text = '';
  for (let i = 0; i < length; i++) {
    if (i > 0) text += i % 16 === 0 ? '\n' : i % 8 === 0 ? '  ' : ' ';
    text += hexByte[bytes[start + i]!];
  }
  return text;
}

/** Bytes as a JSON array of `"0x2a"` strings. */
export function hexJson(json: JsonWriter, bytes: Uint8Array, start = 0, length = bytes.length - start): void {
  json.startArray();
  if (length > 0) {
    const parts = new Array<string>(length);
    for (let i = 0; i < length; i++) parts[i] = hexByte[bytes[start + i]!]!;
    json.raw(`"0x${parts.join('","0x')}"`);
  }
  json.endArray();
}
