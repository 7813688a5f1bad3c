// What other folders import of btf/: the public part, and what only this program needs.
export * from './public.ts';
export { tryDumpC } from './c/dump.ts';
export { type CDeclaration, CDeclarationWriter } from './c/declaration-writer.ts';
export { btfMagic, currentHeaderSize, writeBtf } from './header.ts';
export { BtfEdit, type NewRecord } from './edit.ts';
export {
  coreRecord,
  decodeRecords,
  type ExtKind,
  extKinds,
  extStringWords,
  extTypeWords,
  type ExtRecords,
  lineRecordAt,
  type RawBtfExt,
  readBtfExt,
} from './ext.ts';
export { findMemberOf } from './find/member.ts';
export { nearestNames } from './find/near.ts';
export { typeNames } from './find/types.ts';
export { idNamed, idsNamed, idsThatBegin, nextMemberNamed } from './names.ts';
export {
  BtfRecordError,
  type RecordMember,
  RecordView,
  type RecordViewOptions,
  type SectionVariable,
} from './record-view.ts';
export {
  elementSize,
  forEachStringWord,
  forEachTypeIdWord,
  headWords,
  isComposite,
  isModifierKind,
  Kind,
  recordWords,
} from './records.ts';
export { type BtfAbilities, sanitizeBtf } from './sanitize.ts';
export { dedupRecords } from './dedup/dedup.ts';
export { TypeGraph } from './graph.ts';
export * from './kind-numbers.ts';
export { problemOf } from './validate.ts';
export { declareTypeScript, type TypeScriptDeclarations } from './typescript/declarations.ts';
export { commentText, objectKey, propertyName } from './typescript/names.ts';
export { JsonSource } from './json-source.ts';
export { memberName, type ReadTarget, type ReadValue, valueReader } from './large-value-reader.ts';
export { type ValueText, valueText } from './large-value-writer.ts';
export { pieceBytes, valueLayout } from './value-layout.ts';
