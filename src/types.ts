/** Types that the signatures of the library mention, for those who write them down. */
export type { BtfInfo } from './bpf/btf.ts';
export type { ObjectKind } from './bpf/object.ts';
export type { BtfEdit, NewRecord } from './btf/edit.ts';
export type { ExtRecords } from './btf/ext.ts';
export type { RecordMember, RecordView, RecordViewOptions, SectionVariable } from './btf/record-view.ts';
export type { KindLayouts } from './btf/records.ts';
export type { ByteSource } from './bytes/source.ts';
export type { MapUse } from './codegen/describe/describe.ts';
export type { MapPins } from './codegen/loader/maps.ts';
export type { OutputSchemas } from './commands/shared/json-schema.ts';
export type { CountedKind, ObjectNumbers } from './inventory/iterators.ts';
export type { ObjectRecord } from './inventory/records.ts';
export type { ElementsToWrite, WriteOutcome } from './kernel/batch.ts';
export type { ElementBatch } from './kernel/element-batch.ts';
export type { ElementCodec, HalfCodec } from './kernel/element-codec.ts';
export type { Holder } from './kernel/holders.ts';
export type { LinkInfo } from './kernel/link.ts';
export type { AdoptOptions, BpfObject } from './kernel/object.ts';
export type { CpuPlace } from './kernel/perf-buffer.ts';
export type { LiveMap } from './kernel/ring-map.ts';
export type { ProgramArrays, ProgramArraysRequest } from './kernel/program.ts';
export type { ElementBytes, OpenMapOptions } from './kernel/typed-map.ts';
export type { VmlinuxReading } from './kernel/vmlinux.ts';
export type { AtFunction } from './loader/attach/kprobe.ts';
export type { UsdtObject } from './loader/attach/link.ts';
export type { UsdtTarget } from './loader/attach/usdt/index.ts';
export type { WithFd } from './loader/fd-of.ts';
export type { MadeMap, MapFacts } from './loader/loaded-map.ts';
export type { LoadedParts } from './loader/loaded-object.ts';
export type { MadeProgram } from './loader/loaded-program.ts';
export type { ProfileReading, ProfilerRequest } from './loader/profile/profiler.ts';
export type { ProfileTarget, TargetProblem } from './loader/profile/target.ts';
export type { ProgramSignature } from './loader/signing/sign.ts';
export type { AttachTargetOf } from './loader/skeleton/programs.ts';
export type { Code as ProgramCode } from './object/code.ts';
export type { DiagnosticLog } from './object/failure.ts';
export type {
  InfoRecords,
  LinkedProgram,
  LinkOptions as ProgramLinkOptions,
  Placement as SubprogramPlacement,
} from './object/link-program.ts';
export type { AutoAttach, SectionDefinition } from './object/sections.ts';
export type {
  ExternSpec,
  ExtInfo,
  MapOrigin,
  Relocation,
  SectionRecords,
  StructOpsSpec,
  TypeRelocation,
  TypeRelocationRecord,
  VariableSpec,
} from './object/spec.ts';
export type { ExplainedStep, Refusal, SourcePlace } from './probe/refusal/explain.ts';
export type { RegisterStates } from './probe/refusal/log.ts';
export type { Fd } from './sys/fd.ts';
export type {
  CapabilitySets,
  FileAccess,
  FileStatus,
  MappedMemory,
  MappingRequest,
  NewKey,
  OpenFile,
  PerfEventTarget,
  ResourceLimit,
} from './sys/kernel.ts';
export type { EnumNameOf } from './uapi/enum-names.ts';
export type { FieldLayout, StructLayout, StructView } from './uapi/layout.ts';
export type { NativeStruct, Pointer } from './uapi/native-struct.ts';
export type { JsonSource } from './btf/json-source.ts';
export type { ReadTarget, ReadValue } from './btf/large-value-reader.ts';
export type { ValueText } from './btf/large-value-writer.ts';
export type { LinkDetails } from './kernel/link-details.ts';
export type { MapOfObjects } from './kernel/map-of-maps.ts';
export type { OpenedEvent } from './loader/attach/perf-event.ts';
export type { HasFd } from './loader/new-program.ts';
export type { EventTypes } from './loader/skeleton/events.ts';
export type { MapKinds } from './loader/skeleton/untyped.ts';
export type { ExtendedAck } from './netlink/error.ts';
export type { ElementFormat, HalfTypes } from './trace/element-format.ts';
export type { TraceCallInit } from './trace/event.ts';
