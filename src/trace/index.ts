export { memberForm } from './member-form.ts';
export { bytesText } from './element-format.ts';
export {
  TraceCall,
  type TraceCallFacts,
  type TraceElements,
  type TraceEvent,
  type TraceMember,
  type TraceValue,
} from './event.ts';
export { objectText, objectType, type TracedMap, type TraceObject } from './objects.ts';
export { BpfTrace, type CommandEnd, traceBpf, type TracedCommand, type TraceOptions } from './trace.ts';
