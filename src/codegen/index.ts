export { generateLoader, type LoaderOptions, type LoaderProgram } from './loader/generate.ts';
export { contextHeader, mapPlaces, programPlace } from './loader/layout.ts';
export type { MapPins } from './loader/maps.ts';
export {
  checkCNames,
  CodeText,
  generateSkeleton,
  givenObjectName,
  isCIdentifier,
  type LightSignature,
  type LightSkeletonRequest,
  type PlainSkeletonRequest,
  objectNameOfFile,
  type SkeletonModel,
  skeletonModel,
  type SkeletonRequest,
  writeLightBeginning,
  writeLightEnd,
  writeLightLoader,
  writeSkeleton,
  type ObjectPlace,
  typeScriptSkeleton,
  writeSubskeleton,
} from './skeleton/index.ts';
export {
  type AttachKind,
  attachKind,
  describeObject,
  type DescribeOptions,
  descriptionJson,
  type MapDescription,
  type MapUse,
  type ObjectDescription,
  objectTypes,
  type ProgramDescription,
  type VariableDescription,
} from './describe/index.ts';
