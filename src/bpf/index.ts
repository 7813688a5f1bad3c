export {
  type BatchLookup,
  type BatchOutcome,
  type BatchUpdate,
  deleteBatch,
  lookupBatch,
  lookupBatchInBackground,
  updateBatch,
  updateBatchInBackground,
} from './batch.ts';
export { type BtfInfo, loadBtf, tryBtfBytes, tryBtfInfo } from './btf.ts';
export { type Element, ElementCalls, updateElement } from './element.ts';
export {
  createLink,
  detachLink,
  type LinkDetails,
  type LinkRequest,
  openIterator,
  openRawTracepoint,
  updateLink,
} from './link.ts';
export { createMap, freezeMap, type MapInfo, type MapRequest, readMapInfo, tryMapInfo } from './map.ts';
export {
  mustInfo,
  nextId,
  type ObjectKind,
  objectIds,
  type OpenObject,
  openFdById,
  openFdPinned,
  pinFd,
  tryInfo,
} from './object.ts';
export {
  bindMap,
  loadPrepared,
  loadProgram,
  type PreparedProgram,
  prepareProgram,
  programBtfId,
  type ProgramRecords,
  type ProgramRequest,
} from './program.ts';
export {
  type AttachTarget,
  attachProgram,
  detachAny,
  detachProgram,
  readStream,
  runSyscallProgram,
  type TestRunRequest,
  type TestRunResult,
  testRun,
} from './program-calls.ts';
export { type AttachedPrograms, attachedCount, type QueryRequest, queryAttached } from './query.ts';
export { enableRunStatistics } from './statistics.ts';
export { queryTaskFd, type TaskFd } from './task-fd.ts';
export { createToken, withTokenFd } from './token.ts';
export { type RefusedCall, type WatchedKernel, watchRefusals, withCalls } from './watch.ts';
