export { autoAttach } from './attach/auto.ts';
export { attachCgroup } from './attach/cgroup.ts';
export { attachFreplace } from './attach/freplace.ts';
export { attachIterator } from './attach/iterator.ts';
export { type AttachableProgram, type AttachContext, LoadedLink } from './attach/link.ts';
export {
  attachNetfilter,
  attachNetkit,
  attachNetns,
  attachSockMap,
  attachTcx,
  attachXdp,
  type DeviceTarget,
  type NetfilterTarget,
  type XdpTarget,
} from './attach/network.ts';
export type { AttachOrder } from './attach/order.ts';
export { attachPerfEvent, type PerfEventTarget } from './attach/perf-event.ts';
export { attachSocket, SocketAttachment, type SocketTarget } from './attach/socket.ts';
export { attachTc, type TcTarget } from './attach/tc.ts';
export { createProgram, type NewProgram } from './new-program.ts';
export { delegatedKernel, type DelegatedKernel } from './delegated.ts';
export { attachRawTracepoint } from './attach/raw-tracepoint.ts';
export { registerStructOps } from './attach/struct-ops.ts';
export { attachTrace } from './attach/trace.ts';
export { attachTracepoint } from './attach/tracepoint.ts';
export { attachTracingMulti } from './attach/tracing-multi.ts';
export { loadObject, loadSteps, type LoadOptions } from './load.ts';
export {
  addSigner,
  type LoaderMakeOptions,
  type LoaderRun,
  type LoaderRunOptions,
  makeLoaderProgram,
  runLoaderProgram,
  tryLoaderProgram,
} from './loader-program.ts';
export { fdOf, type WithFd } from './fd-of.ts';
export { LoadedObject } from './loaded-object.ts';
export { LoadedProgram } from './loaded-program.ts';
export { LoadedMap } from './loaded-map.ts';
export { mapPinPath, pinMap, pinProgram } from './pin.ts';
export {
  CounterRefused,
  type ProfileReadings,
  Profiler,
  type ProfilerRequest,
  type ProfileReading,
} from './profile/profiler.ts';
export { type ProfileTarget, profileTarget, type TargetProblem } from './profile/target.ts';
export { ProgramRefused } from './refused.ts';
export { type ProgramSignature, readSigner, type Signer, signLoader, type SigningKey } from './signing/sign.ts';
export { TargetError, type TargetFault, type TargetProgram } from './target.ts';
export { attachKprobe, attachKsyscall } from './attach/kprobe.ts';
export { attachKprobeMulti, type KernelPlaces } from './attach/kprobe-multi.ts';
export { attachUsdt } from './attach/usdt/index.ts';
export { attachUprobe, type UprobeTarget } from './attach/uprobe.ts';
export { attachUprobeMulti, type FilePlaces } from './attach/uprobe-multi.ts';
export * from './skeleton/index.ts';
export type { DeviceName, MapOrFd, PathOrFd } from './attach/targets.ts';
export type { CgroupTarget } from './attach/cgroup.ts';
export type { IteratorTarget } from './attach/iterator.ts';
