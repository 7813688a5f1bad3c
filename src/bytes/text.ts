const decoder = new TextDecoder('utf-8');
const encoder = new TextEncoder();

/** Decode UTF-8; short ASCII, by far the commonest case, avoids the decoder's set-up cost. */
export function decodeUtf8(bytes: Uint8Array, start = 0, end = bytes.length): string {
  if (end - start <= 48) {
    let text = '';
    let i = start;
    for (; i < end; i++) {
      const byte = bytes[i] as number;
      if (byte >= 0x80) break;
      text += String.fromCharCode(byte);
    }
    if (i === end) return text;
  }
  return decoder.decode(bytes.subarray(start, end));
}

/** Encode a string as UTF-8 (without terminator). */
export function encodeUtf8(text: string): Uint8Array {
  return encoder.encode(text);
}

/** The text of a fixed-size C char array: everything up to the first NUL, or all of it. */
export function cstr(bytes: Uint8Array): string {
  const end = bytes.indexOf(0);
  return decodeUtf8(bytes, 0, end < 0 ? bytes.length : end);
}

/** A text as C has it: UTF-8 and a NUL. */
export function cString(text: string): Uint8Array {
  return encoder.encode(`${text}\0`);
}
