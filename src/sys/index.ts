// What other folders import of sys/, the one door to the kernel.
export * from './constants.ts';
export { endProcess } from './end-process.ts';
export { checkResult, syscallError } from './failure.ts';
export { Fd } from './fd.ts';
export type {
  CapabilitySets,
  FileAccess,
  FileStatus,
  OpenFile,
  Kernel,
  MappedMemory,
  MappingRequest,
  NewKey,
  PerfEventTarget,
  ResourceLimit,
} from './kernel.ts';
export { runsWithRaisedRights } from './raised-rights.ts';
export { defaultKernel, openKernel } from './linux-kernel.ts';
export { type StopSignal, throwIfStopped } from './stop-signal.ts';
