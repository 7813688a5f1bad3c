// `bpftool prog profile` without a compiler: the object that bpftool has as a skeleton (skeleton/profiler.bpf.c).
import { findSection, type MapSpec, type ObjectSpec, type ProgramSpec } from '../../object/index.ts';
import { bpf_map_type } from '../../uapi/index.ts';
import { entryProgram, exitProgram, type ProfileProgram, type ProfileShape, readingSize } from './programs.ts';

/** The profiler as an object: maps and programs have the names that the reference's skeleton gives them. */
export function profileObject(shape: ProfileShape): ObjectSpec {
  const { counters, stride } = shape;
  const perCpu = bpf_map_type.BPF_MAP_TYPE_PERCPU_ARRAY;
  const events = bpf_map_type.BPF_MAP_TYPE_PERF_EVENT_ARRAY;
  const maps = [
    // Perf events: those of the first counter for each CPU, then those of the second, and so on.
    map('events', { type: events, valueSize: 4, maxEntries: counters * stride }),
    // By counter: what it was when the profiled program began, and the sum of the differences at its end.
    map('fentry_readings', { type: perCpu, valueSize: readingSize, maxEntries: counters }),
    map('accum_readings', { type: perCpu, valueSize: readingSize, maxEntries: counters }),
    // How often the program ran.
    map('counts', { type: perCpu, valueSize: 8, maxEntries: 1 }),
  ];
  return {
    name: 'profiler_bpf',
    path: 'profiler_bpf',
    littleEndian: true,
    license: 'Dual BSD/GPL',
    kernelVersion: undefined,
    btf: undefined,
    ext: undefined,
    maps,
    programs: [program('fentry', entryProgram(shape), maps), program('fexit', exitProgram(shape), maps)],
    externs: [],
    variables: [],
    kconfigMap: -1,
    arenaMap: -1,
    jumpTables: undefined,
    typeRelocationSections: [],
  };
}

function map(name: string, shape: Pick<MapSpec, 'type' | 'valueSize' | 'maxEntries'>): MapSpec {
  return {
    name,
    ...shape,
    keySize: 4,
    sectionName: undefined,
    origin: 'user',
    sectionIndex: 0,
    sectionOffset: 0,
    flags: 0,
    mapExtra: 0n,
    numaNode: 0,
    keyTypeId: 0,
    valueTypeId: 0,
    ifindex: 0,
    pinPath: undefined,
    autocreate: true,
    inner: undefined,
    initialValue: undefined,
    slots: [],
    structOps: undefined,
  };
}

function program(kind: 'fentry' | 'fexit', { code, references }: ProfileProgram, maps: MapSpec[]): ProgramSpec {
  // The target is set when the program is known.
  const sectionName = `${kind}/XXX`;
  const section = findSection(sectionName);
  return {
    name: `${kind}_XXX`,
    sectionName,
    sectionIndex: kind === 'fentry' ? 1 : 2,
    sectionOffset: 0,
    subprogram: false,
    global: true,
    hidden: false,
    code,
    relocations: references.map(({ index, symbol }) => ({
      kind: 'map',
      index,
      map: maps.findIndex(({ name }) => name === symbol),
    })),
    coreRelocations: [],
    section,
    type: section?.programType ?? 0,
    expectedAttachType: section?.attachType ?? 0,
    autoload: true,
    flags: 0,
    ifindex: 0,
  };
}
