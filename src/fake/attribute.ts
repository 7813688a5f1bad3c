import type { FieldLayout, NativeStruct } from '../uapi/index.ts';

/** What a pointer member of a struct names, as a struct; undefined for a null pointer. */
export function structAt(struct: NativeStruct, { offset }: FieldLayout): NativeStruct | undefined {
  const target = struct.pointers.find((pointer) => pointer.offset === offset)?.target;
  return target instanceof Uint8Array ? { bytes: target, pointers: [] } : target;
}

/** What a pointer member names, from the byte on that it names; undefined for a null pointer, as that to an empty array is. */
export function bytesAt(struct: NativeStruct, { offset }: FieldLayout): Uint8Array | undefined {
  const pointer = struct.pointers.find((candidate) => candidate.offset === offset);
  if (pointer === undefined) return undefined;
  const bytes = pointer.target instanceof Uint8Array ? pointer.target : pointer.target.bytes;
  return bytes.length === 0 ? undefined : bytes.subarray(pointer.start);
}

/** The text up to its NUL that a pointer member names; undefined for a null pointer. */
export function textAt(struct: NativeStruct, member: FieldLayout): string | undefined {
  const bytes = bytesAt(struct, member);
  if (bytes === undefined) return undefined;
  const end = bytes.indexOf(0);
  return new TextDecoder().decode(end < 0 ? bytes : bytes.subarray(0, end));
}
