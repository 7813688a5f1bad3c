import { createMap, loadBtf, loadProgram, openRawTracepoint, testRun } from '../bpf/index.ts';
import { BtfBuilder } from '../btf/index.ts';
import { op, type Statement } from '../insn/index.ts';
import { perfEventAttribute } from '../kernel/index.ts';
import { NotSupportedError } from '../errors/index.ts';
import { checkResult, type Kernel } from '../sys/index.ts';
import { bpf_map_type, bpf_prog_type, PERF_FLAG_FD_CLOEXEC, perf_sw_ids, perf_type_id } from '../uapi/index.ts';
import { Descriptors } from './descriptors.ts';
import { Calibration } from './format.ts';
import type { KernelLayout } from './kernel-layout.ts';
import { assembleProgram } from './programs/assemble.ts';
import { type FileOperations, lookUp, readKernel, Stack } from './programs/fragments.ts';

const { alu, at, call, exit, jump, label, load, store } = op;

/** What is found out by a program that looks at this process. */
export interface Calibrated {
  readonly operations: FileOperations;
  /** Depth of this process's namespace of process ids. */
  readonly pidLevel: number;
}

/**
 * Finds out by which file operations the kernel tells objects apart, from descriptors of each kind: their addresses stand in
 * no file that may be read. `counters`: the map that carries answers. Throws SyscallError.
 */
export function calibrate(
  kernel: Kernel,
  {
    layout,
    counters,
    read,
  }: { readonly layout: KernelLayout; readonly counters: number; readonly read: (at: number) => bigint },
): Calibrated {
  using own = new Descriptors(kernel);
  const code = assembleProgram(program(layout), { counters });
  const type = bpf_prog_type.BPF_PROG_TYPE_RAW_TRACEPOINT;
  const fd = own.take('bpf(PROG_LOAD)', loadProgram(kernel, { code, type, name: 'trace_look' }));
  const look = (fdNumber: number): bigint => {
    const context = new Uint8Array(BigUint64Array.of(BigInt(fdNumber)).buffer);
    checkResult('bpf(PROG_TEST_RUN)', asResult(testRun({ kernel, fd }, { context, repeat: 0 })));
    const operations = read(Calibration.operations);
    if (operations === 0n)
      throw new NotSupportedError('tracing on a kernel that does not let its file operations be read');
    return operations;
  };
  const builder = new BtfBuilder();
  builder.add({ kind: 'int', name: 'int', size: 4, bits: 32, bitOffset: 0, signed: true, char: false, bool: false });
  const map = own.take(
    'bpf(MAP_CREATE)',
    createMap(kernel, { type: bpf_map_type.BPF_MAP_TYPE_ARRAY, name: 'trace_look' }),
  );
  const btf = own.take('bpf(BTF_LOAD)', loadBtf(kernel, builder.finish()));
  // A program of its own: what looks must run for nobody else.
  const idle = own.take('bpf(PROG_LOAD)', loadProgram(kernel, { code: assembleProgram(nothing, {}), type }));
  const link = own.take('bpf(RAW_TRACEPOINT_OPEN)', openRawTracepoint(kernel, idle.number, 'sched_process_exit'));
  const event = perfEventAttribute(perf_type_id.PERF_TYPE_SOFTWARE).set('config', perf_sw_ids.PERF_COUNT_SW_DUMMY);
  const perf = own.take(
    'perf_event_open',
    kernel.perfEventOpen(event.set('disabled', 1), { pid: 0, cpu: -1, groupFd: -1, flags: PERF_FLAG_FD_CLOEXEC }),
  );
  const operations = {
    map: look(map.number),
    prog: look(fd.number),
    link: look(link.number),
    btf: look(btf.number),
    perf: look(perf.number),
  };
  return { operations, pidLevel: Number(read(Calibration.pidLevel)) };
}

const nothing: readonly Statement[] = [alu('=', 'r0', 0), exit()];

function asResult(result: object | number): number {
  return typeof result === 'number' ? result : 0;
}

/** Stores the file operations of the descriptor that the context's first word names, and the depth of the namespace. */
function program(layout: KernelLayout): Statement[] {
  return [
    load('u64', 'r6', at('r1', 0)),
    store('u32', Stack.scratch, 0),
    ...lookUp('counters', Stack.scratch),
    jump('==', 'r0', 0, 'out'),
    alu('=', 'r7', 'r0'),
    call('get_current_task'),
    alu('=', 'r8', 'r0'),
    ...readKernel(Stack.pointer, { from: 'r8', offset: layout.need('task_struct.thread_pid') }),
    load('u64', 'r3', Stack.pointer),
    store('u64', Stack.scratch, 0),
    ...readKernel(Stack.scratch, { from: 'r3', offset: layout.need('pid.level'), size: 4 }),
    load('u64', 'r1', Stack.scratch),
    store('u64', at('r7', Calibration.pidLevel), 'r1'),
    ...readKernel(Stack.pointer, { from: 'r8', offset: layout.need('task_struct.files') }),
    load('u64', 'r3', Stack.pointer),
    ...readKernel(Stack.pointer, { from: 'r3', offset: layout.need('files_struct.fdt') }),
    load('u64', 'r3', Stack.pointer),
    ...readKernel(Stack.pointer, { from: 'r3', offset: layout.need('fdtable.fd') }),
    load('u64', 'r3', Stack.pointer),
    alu('<<=', 'r6', 3),
    alu('+=', 'r3', 'r6'),
    ...readKernel(Stack.pointer, { from: 'r3', offset: 0 }),
    load('u64', 'r3', Stack.pointer),
    ...readKernel(Stack.pointer, { from: 'r3', offset: layout.need('file.f_op') }),
    load('u64', 'r1', Stack.pointer),
    store('u64', at('r7', Calibration.operations), 'r1'),
    label('out'),
    alu('=', 'r0', 0),
    exit(),
  ];
}
