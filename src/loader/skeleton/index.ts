export type { EventOptions, EventRecord, EventSource } from './events.ts';
export {
  type FrontDoorOptions,
  load,
  type ObjectShape,
  openObject,
  type OpenOptions,
  type ShapedObject,
} from './front-door.ts';
export {
  type AnyMaps,
  type AnyPrograms,
  type AnyVariables,
  type FileUrl,
  ObjectSkeleton,
  type SkeletonOptions,
  type SkeletonSource,
} from './object-skeleton.ts';
export type {
  AnyAttachTarget,
  AnyProgram,
  AttachmentOf,
  AttachArguments,
  AutoTarget,
  SkeletonProgram,
} from './programs.ts';
export { UserEvents } from './user-events.ts';
export type { MapSettings, ObjectSettings, ProgramSettings } from './settings.ts';
export type { AnyMap } from './untyped.ts';
export type { AnyVariable, GlobalVariable, PartialValue } from './variables.ts';
