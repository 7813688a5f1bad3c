/**
 * The library: BPF objects from file to kernel, and what is in the kernel. Linux only; most calls need CAP_BPF.
 * Everything here is synchronous except the record iterators of ring and perf buffers.
 */
export * from './errors/index.ts';
export { compileValuePrinter, type JsonSchema, parseBtf } from './btf/index.ts';
export { outputSchema, outputSchemas } from './commands/schema/all.ts';
export {
  BpfLink,
  BpfMap,
  BpfProgram,
  BtfObject,
  type CounterKind,
  type ElementValue,
  ElementWriter,
  holders,
  type Kernel,
  loadBtfById,
  type MapInfo,
  maps,
  objectIds,
  openKernel,
  PerfBuffer,
  type PerfRecord,
  type ProgramInfo,
  RingBuffer,
  readBatches,
  TypedMap,
  type UpdateMode,
  vmlinuxBtf,
} from './kernel/index.ts';
export {
  attachCgroup,
  attachIterator,
  attachNetfilter,
  attachNetns,
  attachPerfEvent,
  attachRawTracepoint,
  attachTcx,
  attachTracepoint,
  attachUsdt,
  attachXdp,
  autoAttach,
  CounterRefused,
  type LoadedLink,
  type LoadedMap,
  LoadedObject,
  type LoadedProgram,
  loadObject,
  type LoadOptions,
  type ProfileReadings,
  Profiler,
  profileTarget,
  ProgramRefused,
  registerStructOps,
} from './loader/index.ts';
export { type Explanation, explainRefusal } from './probe/index.ts';
export { type MapSpec, type ObjectSpec, type ParseOptions, type ProgramSpec, parseObject } from './object/index.ts';
