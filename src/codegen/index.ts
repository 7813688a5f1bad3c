export { generateLoader, type LoaderOptions, type LoaderProgram } from './loader/generate.ts';
export { contextHeader, mapPlaces, programPlace } from './loader/layout.ts';
export type { MapPins } from './loader/maps.ts';
export {
  checkCNames,
  CodeText,
  givenObjectName,
  isCIdentifier,
  type LightSignature,
  objectNameOfFile,
  type SkeletonModel,
  skeletonModel,
  writeLightBeginning,
  writeLightEnd,
  writeLightLoader,
  writeSkeleton,
  writeSubskeleton,
} from './skeleton/index.ts';
