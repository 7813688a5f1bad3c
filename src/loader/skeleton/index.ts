export type { EventSource } from './events.ts';
export { ObjectSkeleton, type SkeletonOptions, type SkeletonSource } from './object-skeleton.ts';
export type { AttachArguments, SkeletonProgram } from './programs.ts';
export type { GlobalVariable } from './variables.ts';
