/** Bytes before the descriptors in the context: `struct bpf_loader_ctx`. Source: libbpf, skel_internal.h. */
export const contextHeader = { size: 24, flags: 4, logLevel: 8, logSize: 12, logAddress: 16 } as const;

/** `struct bpf_map_desc`: out comes the descriptor, in go entries and first contents instead of the object's. */
const mapDescriptor = { size: 16, maxEntries: 4, initialValue: 8 } as const;
const programDescriptorSize = 4;

/** Offset in the context of what concerns the map with this index. The descriptor is a signed 32-bit number. */
export function mapPlaces(index: number): { fd: number; maxEntries: number; initialValue: number } {
  const at = contextHeader.size + index * mapDescriptor.size;
  return { fd: at, maxEntries: at + mapDescriptor.maxEntries, initialValue: at + mapDescriptor.initialValue };
}

/** Offset in the context of a program's descriptor, which follow those of all maps. */
export function programPlace(maps: number, index: number): number {
  return mapPlaces(maps).fd + index * programDescriptorSize;
}

const programsOnStack = 32;
/** `struct loader_stack`: BTF, inner map, programs; offsets from the frame pointer. */
const stackSize = (2 + programsOnStack) * 4;

export const Stack = {
  size: stackSize,
  btf: -stackSize,
  innerMap: 4 - stackSize,
  /** Beyond the frame from the 33rd program on, which the verifier then refuses. */
  program: (index: number) => 8 + index * 4 - stackSize,
} as const;

export const mostMaps = 64;
export const mostFunctionSlots = 256;
/** Of descriptors: of maps first, then of BTF of called kernel functions. */
export const descriptorSlots = mostMaps + mostFunctionSlots;
