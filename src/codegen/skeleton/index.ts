export { CodeText } from './code-text.ts';
export {
  generateSkeleton,
  type LightSkeletonRequest,
  type PlainSkeletonRequest,
  type SkeletonRequest,
} from './generate.ts';
export { type LightSignature, writeLightBeginning, writeLightEnd, writeLightLoader } from './light.ts';
export { type SkeletonModel, skeletonModel } from './model.ts';
export { checkCNames } from './check-names.ts';
export { givenObjectName, isCIdentifier, objectNameOfFile } from './names.ts';
export { writeSkeleton } from './skeleton.ts';
export { writeSubskeleton } from './subskeleton.ts';
export { type ObjectPlace, typeScriptSkeleton } from './typescript.ts';
