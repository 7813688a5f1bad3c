export {
  applyCoreRelocations,
  Core,
  type CoreRequest,
  type CoreTargets,
  formatCoreRelocation,
  typesAreCompatible,
  typesMatch,
} from './core/index.ts';
export { type CoreTarget, coreUses, type CoreUser, minimizeBtf } from './core/minimize.ts';
export { TargetNames } from './core/target-names.ts';
export { coreRecords, kernelRelocatesAlike } from './core/by-kernel.ts';
export { isTracingMulti, targetSpelling, type TargetSpelling } from './attach-target.ts';
export { checkContents, firstContents, mapAt } from './contents.ts';
export { Code, Opcode, Pseudo, swapInstructions } from './code.ts';
export { arenaDataOffset, poisonedKfuncBase, poisonedMapBase, relocateData } from './relocate-data.ts';
export { essentialName } from './externs.ts';
export { type DiagnosticLog, errorText, failure, failureText, LibbpfErrno, ObjectError, tell } from './failure.ts';
export {
  type InfoRecords,
  type LinkedProgram,
  type LinkOptions,
  callbackTags,
  linkProgram,
  type Placement,
} from './link-program.ts';
export { type MapDefinition, readMapDefinition } from './map-definition.ts';
export { dataMapName, mapNameInside, ringSize } from './maps.ts';
export { loadableBtf } from './loadable-btf.ts';
export { objectName, parseObject, type ParseOptions } from './parse.ts';
export {
  type AutoAttach,
  findSection,
  programFlags,
  sectionHandling,
  type SectionDefinition,
  sectionDefinitions,
} from './sections.ts';
export type {
  ExternSpec,
  ExtInfo,
  MapOrigin,
  MapSpec,
  ObjectSpec,
  ProgramSpec,
  Relocation,
  SectionRecords,
  StructOpsSpec,
  TypeRelocation,
  VariableSpec,
} from './spec.ts';
export { unusedStructOpsPrograms } from './struct-ops.ts';
export { type VariableValue, variableContents } from './set-variable.ts';
