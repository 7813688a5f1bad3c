export * from './public.ts';
export { type CDeclaration, CDeclarationWriter } from './c/declaration-writer.ts';
export { BtfEdit, type NewRecord } from './edit.ts';
export { coreRecord, decodeRecords, type ExtRecords, lineRecordAt, type RawBtfExt, readBtfExt } from './ext.ts';
export { idNamed, idsNamed, idsThatBegin, nextMemberNamed } from './names.ts';
export { type RecordMember, RecordView, type RecordViewOptions, type SectionVariable } from './record-view.ts';
export { isComposite, isModifierKind, Kind } from './records.ts';
export { type BtfAbilities, sanitizeBtf } from './sanitize.ts';
export { problemOf } from './validate.ts';
