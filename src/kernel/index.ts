export type { ElementBatch } from './element-batch.ts';
export { Fd, type Kernel, openKernel, syscallError } from '../sys/index.ts';
export {
  type ElementsToWrite,
  ElementWriter,
  readBatches,
  type WriteOutcome,
} from './batch.ts';
export { type BtfInfo, BtfObject, loadBtfById, vmlinuxBtf } from './btf.ts';
export { ElementCodec, type ElementValue, elementCodec, type HalfCodec } from './element-codec.ts';
export {
  CgroupQueries,
  type CgroupHook,
  cgroupHooks,
  type CgroupQueryOptions,
  hooksInUse,
} from './cgroup-hooks.ts';
export { type CounterKind, openCounter, perfEventAttribute } from './counter.ts';
export { type ElementTypes, elementTypes } from './element-types.ts';
export { type Holder, holders } from './holders.ts';
export { BpfLink, type LinkInfo, type LinkInfoField } from './link.ts';
export {
  BpfMap,
  createMap,
  elementValueSize,
  isPerCpu,
  type MapCreateRequest,
  type MapInfo,
  readMapInfo,
} from './map.ts';
export {
  BpfObject,
  fdKind,
  nextId,
  type ObjectKind,
  objectIds,
  openFdById,
  openFdPinned,
  pinFd,
  tryInfo,
} from './object.ts';
export { DeviceFilters, type DeviceFilter } from './device-filters.ts';
export { networkDevices, setXdp } from './network-devices.ts';
export { type NetlinkRequest, RouteNetlink } from './route-netlink.ts';
export { PerfBuffer, type PerfBufferOptions, type PerfRecord } from './perf-buffer.ts';
export { pinnedPaths, visitPinned } from './pins.ts';
export { BpfProgram, type ProgramArrays, type ProgramArraysRequest, type ProgramInfo } from './program.ts';
export {
  type AttachTarget,
  attachProgram,
  detachAny,
  detachProgram,
  readStream,
  type TestRunRequest,
  type TestRunResult,
  testRun,
} from './program-calls.ts';
export { type AttachedPrograms, type QueryRequest, queryAttached } from './query.ts';
export { enableRunStatistics } from './run-statistics.ts';
export { RingBuffer } from './ring-buffer.ts';
export { TracePipe } from './trace-pipe.ts';
export { queryTaskFd, type TaskFd } from './task-fd.ts';
export { type IterationOptions, maps, type OpenMapOptions, TypedMap, type UpdateMode } from './typed-map.ts';
export { type RefusedCall, type WatchedKernel, watchRefusals, withCalls } from './watch.ts';
export { loadVmlinux, type VmlinuxReading } from './vmlinux.ts';
