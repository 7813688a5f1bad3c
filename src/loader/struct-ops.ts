// The object's struct may have members in another order, or lack some; the kernel takes its own layout only, wrapped
// into `struct bpf_struct_ops_NAME` with a reference count and a state. Source: libbpf.c,
// bpf_map__init_kern_struct_ops.
import { Errno } from '../errors/index.ts';
import { idNamed, Kind, type RecordView } from '../btf/index.ts';
import {
  type DiagnosticLog,
  essentialName,
  failure,
  type MapSpec,
  type ObjectSpec,
  type ProgramSpec,
  tell,
  unusedStructOpsPrograms,
} from '../object/index.ts';
import { bpf_prog_type } from '../uapi/index.ts';
import type { KernelBtf } from './kernel-btf.ts';

export interface PreparedStructOps {
  /** By map index. */
  readonly maps: Map<number, { vmlinuxValueTypeId: number; valueSize: number; moduleFd: number }>;
  /** The kernel type and member each program implements. */
  readonly programs: Map<ProgramSpec, { typeId: number; member: number; moduleFd: number }>;
  /** Programs only maps that are not created refer to. */
  readonly skipped: ReadonlySet<ProgramSpec>;
  /** The kernel's value by map index, complete once `finish` ran. */
  readonly values: Map<number, Uint8Array>;
  /** Puts the fds of loaded programs into the values. */
  finish(programs: readonly { spec: ProgramSpec; fd: number }[]): void;
}

interface StructOpsContext {
  readonly log: DiagnosticLog;
  readonly kernelBtf: KernelBtf;
  readonly spec: ObjectSpec;
}

/** Where the descriptor of a program goes once it is loaded. */
interface Slot {
  readonly map: number;
  readonly offset: number;
  readonly program: ProgramSpec;
}

/** Translates struct_ops maps into the running kernel's layout of the same struct. */
export function prepareStructOps(context: StructOpsContext): PreparedStructOps {
  const { spec } = context;
  const slots: Slot[] = [];
  const values = new Map<number, Uint8Array>();
  const prepared: PreparedStructOps = {
    maps: new Map(),
    programs: new Map(),
    skipped: unusedStructOpsPrograms(spec),
    values,
    finish: (programs) => {
      for (const { map, offset, program } of slots) {
        // Function pointers in the value are descriptors when the map is updated.
        const fd = programs.find((candidate) => candidate.spec === program)?.fd ?? -1;
        const value = values.get(map)!;
        new DataView(value.buffer).setBigInt64(offset, BigInt(fd), true);
      }
    },
  };
  for (const [index, map] of spec.maps.entries()) {
    if (map.structOps && map.autocreate) translate(context, { index, map, prepared, slots });
  }
  return prepared;
}

function translate(
  context: StructOpsContext,
  work: { index: number; map: MapSpec; prepared: PreparedStructOps; slots: Slot[] },
): void {
  const { log, kernelBtf, spec } = context;
  const { index, map, prepared, slots } = work;
  const ops = map.structOps!;
  const btf = spec.btf!;
  const name = essentialName(ops.typeName);
  const valueName = `bpf_struct_ops_${name}`;
  const missing = (type: string) =>
    failure(log, Errno.ESRCH, `struct_ops init_kern: struct ${type} is not found in kernel BTF`);
  const wrapper = kernelBtf.find(valueName, Kind.struct);
  if (!wrapper) throw missing(valueName);
  const kernel = wrapper.btf;
  const typeId = idNamed(kernel, name, Kind.struct);
  if (typeId === 0) throw missing(name);
  // The member of the wrapper that has the struct itself.
  const data = kernel.members(wrapper.id).find((member) => member.typeId === typeId);
  if (!data) {
    throw failure(log, Errno.EINVAL, `struct_ops init_kern: struct ${name} data is not found in struct ${valueName}`);
  }
  const ids = `type_id:${ops.typeId} kern_type_id:${typeId} kern_vtype_id:${wrapper.id}`;
  tell(log, () => `struct_ops init_kern ${map.name}: ${ids}`);
  const moduleFd = wrapper.module?.fd ?? 0;
  const value = new Uint8Array(kernel.size(wrapper.id));
  prepared.maps.set(index, { vmlinuxValueTypeId: wrapper.id, valueSize: value.length, moduleFd });
  prepared.values.set(index, value);
  const bad = (text: string) => failure(log, Errno.EOPNOTSUPP, `struct_ops init_kern ${map.name}: ${text}`);
  const kernelMembers = kernel.members(typeId);
  const start = data.bitOffset / 8;
  for (const [memberIndex, member] of btf.members(ops.typeId).entries()) {
    const offset = member.bitOffset / 8;
    const size = btf.sizeOf(member.typeId);
    if (size === undefined) throw bad(`failed to resolve the size of member ${member.name}`);
    const bytes = ops.data.subarray(offset, offset + size);
    const programIndex = ops.programs.get(memberIndex);
    const kernelIndex = kernelMembers.findIndex((candidate) => candidate.name === member.name);
    const kernelMember = kernelMembers[kernelIndex];
    if (!kernelMember) {
      if (programIndex !== undefined || bytes.some((byte) => byte !== 0)) {
        throw bad(`Cannot find member ${member.name} in kernel BTF`);
      }
      const text = `struct_ops ${map.name}: member ${member.name} not found in kernel, skipping it as it's set to zero`;
      log('info', text);
      continue;
    }
    if (member.bitSize > 0 || kernelMember.bitSize > 0) throw bad(`bitfield ${member.name} is not supported`);
    const [kind, kernelKind] = [kindOf(btf, member.typeId), kindOf(kernel, kernelMember.typeId)];
    if (kind !== kernelKind) throw bad(`Unmatched member type ${member.name} ${kind} != ${kernelKind}(kernel)`);
    const at = start + kernelMember.bitOffset / 8;
    if (kind === Kind.ptr) {
      // Pointers to data stay NULL: an address of the object means nothing to the kernel.
      if (programIndex === undefined) continue;
      const program = spec.programs[programIndex]!;
      if (program.type !== bpf_prog_type.BPF_PROG_TYPE_STRUCT_OPS) {
        throw bad(`member ${member.name} is not a struct_ops program`);
      }
      const target = kernel.resolve(kernel.target(kernel.resolve(kernelMember.typeId)));
      if (kernel.kind(target) !== Kind.func_proto) throw bad(`kernel member ${member.name} is not a func ptr`);
      const known = prepared.programs.get(program);
      // The member is a part of what the program is verified as (`expected_attach_type`), so that it can be only one.
      if (known && (known.typeId !== typeId || known.member !== kernelIndex)) {
        const text = `func ptr ${member.name}: invalid reuse of prog ${program.name} in sec ${program.sectionName} with type ${program.type}`;
        throw failure(log, Errno.EINVAL, `struct_ops init_kern ${map.name} ${text}`);
      }
      prepared.programs.set(program, { typeId, member: kernelIndex, moduleFd });
      slots.push({ map: index, offset: at, program });
      const places = `from data(+${offset}) to kern_data(+${kernelMember.bitOffset / 8})`;
      const set = `func ptr ${member.name} is set to prog ${program.name} ${places}`;
      tell(log, () => `struct_ops init_kern ${map.name}: ${set}`);
      continue;
    }
    const kernelSize = kernel.sizeOf(kernelMember.typeId);
    if (kernelSize !== size) {
      throw bad(`Error in size of member ${member.name}: ${size} != ${kernelSize ?? -22}(kernel)`);
    }
    const places = `from data(+${offset}) to kern_data(+${kernelMember.bitOffset / 8})`;
    tell(log, () => `struct_ops init_kern ${map.name}: copy ${member.name} ${size} bytes ${places}`);
    value.set(bytes, at);
  }
}

function kindOf(btf: RecordView, id: number): number {
  return btf.kind(btf.resolve(id));
}
