// The part of a loader program that loads programs. Source: gen_loader.c of libbpf, bpf_gen__prog_load.
import { Errno } from '../../errors/index.ts';
import { Kind } from '../../btf/index.ts';
import {
  coreRecords,
  type DiagnosticLog,
  errorText,
  failure,
  isTracingMulti,
  type LinkedProgram,
  ObjectError,
  programFlags,
  type ObjectSpec,
  type ProgramSpec,
  sectionHandling,
  swapInstructions,
  targetSpelling,
} from '../../object/index.ts';
import { attr_prog_load, bpf_attach_type, bpf_cmd, bpf_prog_type } from '../../uapi/index.ts';
import { type Emitter, Register } from './emitter.ts';
import { contextHeader, Stack } from './layout.ts';
import type { Steps } from './steps.ts';
import { findByName, type SymbolPatches, type SymbolUse } from './symbols.ts';

export interface ProgramsContext {
  readonly emitter: Emitter;
  readonly log: DiagnosticLog;
  readonly steps: Steps;
  readonly spec: ObjectSpec;
  readonly fdArray: number;
  readonly symbols: SymbolPatches;
  /** Of all programs. */
  readonly moreFlags: number;
}

/** With its NUL, of the name of an attach target. */
const targetRoom = 128;

/** Writes what loads one program, the `number`th. ObjectError, after warnings, if it cannot be loaded at all. */
export function emitProgram(context: ProgramsContext, linked: LinkedProgram, number: number): void {
  const { log, steps } = context;
  const { program } = linked;
  try {
    const request = prepare(context, program);
    steps.run(() => load(context, linked, { ...request, number }));
  } catch (error) {
    if (error instanceof ObjectError) {
      log('warn', `prog '${program.name}': failed to load: ${errorText(error.errno)}`);
    }
    throw error;
  }
}

interface Request {
  readonly flags: number;
  readonly expectedAttachType: number;
  readonly target: { readonly name: string; readonly kind: number } | undefined;
}

function prepare({ log, steps }: ProgramsContext, program: ProgramSpec): Request {
  const bad = (text: string) => failure(log, Errno.EINVAL, `prog '${program.name}': ${text}`);
  if (program.type === bpf_prog_type.BPF_PROG_TYPE_UNSPEC) {
    throw bad(`missing BPF prog type, check ELF section name '${program.sectionName}'`);
  }
  if (program.type === bpf_prog_type.BPF_PROG_TYPE_STRUCT_OPS) {
    throw bad(`SEC("struct_ops") program isn't referenced anywhere, did you forget to use it?`);
  }
  const section = sectionHandling(program);
  const flags = programFlags(program);
  let { expectedAttachType } = program;
  if (section?.usdt) expectedAttachType = bpf_attach_type.BPF_TRACE_UPROBE_MULTI;
  const slash = program.sectionName.indexOf('/');
  const place = slash < 0 ? undefined : program.sectionName.slice(slash + 1);
  try {
    const target = section?.attachBtf ? attachTarget(program, place, bad) : undefined;
    if (target && target.name.length >= targetRoom) {
      steps.fail(new ObjectError(`the name of the target of '${program.name}' is too long`, Errno.ENOSPC));
    }
    if (section && isTracingMulti(expectedAttachType) && place?.includes(':')) {
      throw new ObjectError(`prog '${program.name}': a loader program knows no modules by name`, Errno.EINVAL);
    }
    return { flags, expectedAttachType, target };
  } catch (error) {
    if (error instanceof ObjectError) {
      log('warn', `prog '${program.name}': failed to prepare load attributes: ${errorText(error.errno)}`);
    }
    throw error;
  }
}

/** As the kernel's BTF spells it. */
function attachTarget(
  program: ProgramSpec,
  name: string | undefined,
  bad: (text: string) => ObjectError,
): { name: string; kind: number } {
  if (name === undefined) {
    throw bad('no BTF-based attach target is specified, use bpf_program__set_attach_target()');
  }
  if (program.type === bpf_prog_type.BPF_PROG_TYPE_EXT) throw bad('attach program FD is not set');
  const { text, kind } = targetSpelling(program.expectedAttachType);
  return { name: text + name, kind };
}

function load(context: ProgramsContext, linked: LinkedProgram, request: Request & { number: number }): void {
  const { emitter, spec, symbols } = context;
  const { blob } = emitter;
  const { program, code, funcInfo, lineInfo } = linked;
  const { target } = request;
  const license = blob.addText(spec.license).at;
  const instructions = blob.add(blob.littleEndian ? code.bytes : swapInstructions(code.bytes));
  const functions = blob.add(funcInfo?.bytes ?? new Uint8Array(0));
  const lines = blob.add(lineInfo?.bytes ?? new Uint8Array(0));
  const core = coreRecords(linked, blob.littleEndian);
  const records = blob.add(core.bytes);
  const attribute = blob.addAttribute(attr_prog_load, 'core_relo_rec_size', {
    prog_type: program.type,
    insn_cnt: code.count,
    prog_flags: request.flags | context.moreFlags,
    prog_name: program.name,
    prog_ifindex: program.ifindex,
    expected_attach_type: request.expectedAttachType,
    func_info_rec_size: funcInfo?.recordSize ?? 0,
    func_info_cnt: funcInfo ? funcInfo.bytes.length / funcInfo.recordSize : 0,
    line_info_rec_size: lineInfo?.recordSize ?? 0,
    line_info_cnt: lineInfo ? lineInfo.bytes.length / lineInfo.recordSize : 0,
    // Overwritten when the loader runs, by what it finds.
    attach_btf_id: target ? 1 : 0,
    core_relo_cnt: core.bytes.length / core.recordSize,
    core_relo_rec_size: core.recordSize,
  });
  emitter.storePointer(attribute.member('license'), license);
  emitter.storePointer(attribute.member('insns'), instructions);
  emitter.storePointer(attribute.member('func_info'), functions);
  emitter.storePointer(attribute.member('line_info'), lines);
  emitter.storePointer(attribute.member('core_relos'), records);
  emitter.storePointer(attribute.member('fd_array'), context.fdArray);
  // Whoever runs the loader says where the verifier's log goes.
  emitter.copyFromContext(attribute.member('log_level'), 4, contextHeader.logLevel);
  emitter.copyFromContext(attribute.member('log_size'), 4, contextHeader.logSize);
  emitter.copyFromContext(attribute.member('log_buf'), 8, contextHeader.logAddress);
  emitter.copyFromStack(attribute.member('prog_btf_fd'), 4, Stack.btf);
  if (target) {
    // bpf_btf_find_by_name_kind() answers the id in the low half and a descriptor of the module's BTF in the high half.
    findByName(emitter, target.name, target.kind);
    emitter.checkResult();
    const { members } = attr_prog_load;
    emitter.loadAddress(0, attribute.at);
    emitter.store({ register: 0, offset: members.attach_btf_id.offset }, 4, Register.RESULT);
    emitter.shiftRight(Register.RESULT, 32);
    emitter.store({ register: 0, offset: members.attach_btf_obj_fd.offset }, 4, Register.RESULT);
  }
  symbols.apply(symbolUses(spec, linked), instructions);
  emitter.systemCall(bpf_cmd.BPF_PROG_LOAD, attribute);
  // Descriptors of the BTF of modules are needed only while the program is loaded.
  symbols.close();
  if (target) emitter.closeInBlob(attribute.member('attach_btf_obj_fd'));
  emitter.checkResult();
  emitter.store({ register: Register.STACK, offset: Stack.program(request.number) }, 4, Register.RESULT);
}

/** Instructions that name variables or functions of the kernel: the loader patches them before it loads the program. */
function symbolUses(spec: ObjectSpec, linked: LinkedProgram): SymbolUse[] {
  return linked.relocations.flatMap((relocation): SymbolUse[] => {
    if (relocation.kind !== 'extern' && relocation.kind !== 'externCall') return [];
    const extern = spec.externs[relocation.extern]!;
    const isCall = relocation.kind === 'externCall';
    if (extern.kind !== 'ksym') return [];
    const { name, weak } = extern;
    const kind = isCall || extern.function ? Kind.func : Kind.var;
    const how = isCall ? 'call' : extern.symbolTypeId === 0 ? 'address' : 'load';
    return [{ name, kind, weak, how, index: relocation.index }];
  });
}
