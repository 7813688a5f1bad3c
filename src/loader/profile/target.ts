import type { Btf } from '../../btf/index.ts';
import { TsbpfError } from '../../errors/index.ts';
import { type BpfProgram, loadBtfById } from '../../kernel/index.ts';
import { bpf_func_info, structView } from '../../uapi/index.ts';

/** The function where a program begins, as another program names it to attach to it. */
export interface ProfileTarget {
  readonly fd: number;
  /** Of the function, in the program's BTF. */
  readonly typeId: number;
  readonly name: string;
}

/** Why a program's function cannot be named. */
export type TargetProblem =
  | { readonly problem: 'noBtf' | 'noFunctions' }
  | { readonly problem: 'unreadableBtf'; readonly cause: TsbpfError }
  | { readonly problem: 'noType'; readonly btfId: number; readonly typeId: number };

/** Finds the function where a program begins; of several with its name the first in the BTF. Throws SyscallError. */
export function profileTarget(program: BpfProgram): ProfileTarget | TargetProblem {
  const info = program.info();
  if (info.btfId === 0) return { problem: 'noBtf' };
  const records = info.functionInfoCount === 0 ? undefined : program.arrays({ functionInfo: true }, info).functionInfo;
  if (records === undefined || records.length === 0) return { problem: 'noFunctions' };
  const typeId = structView(bpf_func_info, records.slice()).u32('type_id');
  let btf: Btf;
  try {
    btf = loadBtfById(program.kernel, info.btfId);
  } catch (cause) {
    if (!(cause instanceof TsbpfError)) throw cause;
    return { problem: 'unreadableBtf', cause };
  }
  const type = btf.typeById(typeId);
  if (type === undefined || !('name' in type)) return { problem: 'noType', btfId: info.btfId, typeId };
  const first = btf.findByName(type.name, 'func');
  return { fd: program.fd.number, typeId: first?.id ?? typeId, name: type.name };
}
