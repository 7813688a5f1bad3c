// What other folders import of kernel/: live objects, and what they hand on from bpf/ and sys/.
export {
  type AttachedPrograms,
  type AttachTarget,
  attachProgram,
  type BtfInfo,
  createMap,
  detachAny,
  detachProgram,
  enableRunStatistics,
  type MapInfo,
  type MapRequest,
  nextId,
  type ObjectKind,
  objectIds,
  openFdById,
  openFdPinned,
  pinFd,
  type QueryRequest,
  queryAttached,
  queryTaskFd,
  readMapInfo,
  readStream,
  type RefusedCall,
  type TaskFd,
  type TestRunRequest,
  type TestRunResult,
  testRun,
  tryInfo,
  type WatchedKernel,
  watchRefusals,
  withCalls,
} from '../bpf/index.ts';
export { ipBytes, ipText, macBytes, macText } from './addresses.ts';
export { prefixKey, prefixText } from './prefix-key.ts';
export { liftMemoryLimit } from './memory-limit.ts';
export type { ElementBatch } from './element-batch.ts';
export { CLONE_NEWNET, Fd, type Kernel, O_RDONLY, openKernel, syscallError } from '../sys/index.ts';
export {
  ElementsRefused,
  type ElementsToWrite,
  ElementWriter,
  type IterationOptions,
  lendBatches,
  readBatches,
  tryReadBatches,
  type WriteOutcome,
} from './batch.ts';
export { BtfObject, loadBtfById, vmlinuxBtf } from './btf.ts';
export {
  codecOfTypes,
  ElementCodec,
  type ElementValue,
  elementCodec,
  type HalfCodec,
  type HalfType,
  keyCodec,
} from './element-codec.ts';
export {
  CgroupQueries,
  type CgroupHook,
  cgroupHooks,
  type CgroupQueryOptions,
  hooksInUse,
} from './cgroup-hooks.ts';
export { type CounterKind, openCounter, perfEventAttribute } from './counter.ts';
export { type ElementTypes, elementTypes } from './element-types.ts';
export { heldId, type Holder, holders } from './holders.ts';
export { BpfLink, type LinkInfo, type LinkInfoField, type WithDescriptor } from './link.ts';
export { type DetailsOf, type LinkDetails, linkDetails } from './link-details.ts';
export { type DeviceHookProgram, visitDeviceHooks } from './device-hooks.ts';
export { BpfMap, elementValueSize } from './map.ts';
export { attachedPrograms, type Hook, type HookProgram, type HookPrograms } from './attached.ts';
export { MapOfMaps, MapOfPrograms } from './map-of-maps.ts';
export {
  type CreatedMap,
  createMap as newMap,
  type ElementShape,
  flagOf,
  type InKernel,
  type NewMap,
  type ScalarShape,
  type ShapeValue,
  type StructShape,
} from './new-map.ts';
export { QueueMap } from './queue-map.ts';
export type { ProgramInput, ProgramOutput } from './run-program.ts';
export { enableStatistics } from './statistics.ts';
export { UserRingBuffer } from './user-ring-buffer.ts';
export { type AdoptOptions, BpfObject, fdKind, requireKind } from './object.ts';
export { setElement } from './set-element.ts';
export { DeviceFilters, type DeviceFilter } from './device-filters.ts';
export { networkDevices, setXdp } from './network-devices.ts';
export { type NetlinkRequest, RouteNetlink } from './route-netlink.ts';
export { PerfBuffer, type PerfBufferOptions, type PerfRecord } from './perf-buffer.ts';
export { type Pin, pinnedObject, pinnedPaths, pins, type PinsOptions, unpin, visitPinned } from './pins.ts';
export { openPerfEvent, PerfEvent, type PerfEventRequest } from './perf-event.ts';
export { addTrafficFilter, removeClsact, TrafficFilter } from './traffic-filters.ts';
export { type ProgramEvent, ProgramEvents } from './program-events.ts';
export { processIds, processName, visitDescriptors } from './descriptors.ts';
export {
  type RecordSource,
  RecordStream,
  type StreamEnd,
  type StreamOptions,
  streamOptions,
  transformed,
} from './record-stream.ts';
export {
  BpfProgram,
  type ProgramArrays,
  type ProgramArraysRequest,
  type ProgramInfo,
  type ProgramStatistics,
} from './program.ts';
export { type RecordReader, RingBuffer, type RingBufferOptions } from './ring-buffer.ts';
export { TracePipe } from './trace-pipe.ts';
export type { RingMap } from './ring-map.ts';
export { maps, type OpenMapOptions, type OpenMaps, TypedMap, type UpdateMode } from './typed-map.ts';
export { loadVmlinux, mapFile, type VmlinuxReading, withVmlinux } from './vmlinux.ts';
