import type { ObjectSpec, ProgramSpec } from './spec.ts';

/** Programs that only struct_ops maps refer to which are not created: they are not loaded. */
export function unusedStructOpsPrograms(spec: ObjectSpec): Set<ProgramSpec> {
  const referenced = new Set<number>();
  const used = new Set<number>();
  for (const map of spec.maps) {
    for (const program of map.structOps?.programs.values() ?? []) {
      referenced.add(program);
      if (map.autocreate) used.add(program);
    }
  }
  return new Set([...referenced].filter((index) => !used.has(index)).map((index) => spec.programs[index]!));
}
