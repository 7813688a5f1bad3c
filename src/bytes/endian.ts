/** Byte order of this machine, which typed arrays have. */
export const hostIsLittleEndian = new Uint8Array(Uint16Array.of(1).buffer)[0] === 1;
