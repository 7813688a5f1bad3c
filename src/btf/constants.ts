/** Bytes of a pointer in the programs BTF describes: always 8 for BPF and for the 64-bit kernels that have it. */
export const pointerSize = 8;

/** Largest size that a type may have, in bytes. */
export const maxU32 = 0xffff_ffff;
