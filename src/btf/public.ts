/** `tsbpftool/btf`: what the package exports of this folder. `api/btf.txt` lists it. */
export { BtfBuilder, type NewBtfType, type WithoutId } from './builder.ts';
export { BtfCycleError, type DedupedBtf, dedupBtf, type DedupOptions } from './dedup/dedup.ts';
export { dumpC, type DumpCOptions } from './c/dump.ts';
export { dumpRaw, dumpRawJson, type RawDumpOptions } from './raw/dump.ts';
export { rawJson, type RawJsonOptions } from './raw/json.ts';
export { rawText } from './raw/text.ts';
export {
  type BtfExt,
  type CoreRelocation,
  type ExtSection,
  type FuncInfo,
  type LineInfo,
  parseBtfExt,
} from './ext.ts';
export { funcPrototype } from './func-prototype.ts';
export { BtfMerger } from './merge.ts';
export { BtfMinimizer, type CoreUse, UnsupportedKindError } from './minimize.ts';
export { BtfRelocationError, relocateBtf } from './relocate.ts';
export { Btf, type BtfOptions, parseBtf } from './parse.ts';
export { alignOf, isModifier, resolve, sizeOf, tryResolve, trySizeOf } from './resolve.ts';
export * from './types.ts';
export { compileValuePrinter, type ValuePrinter, type ValuePrinterOptions, type ValueSink } from './value-printer.ts';
export { type JsonSchema, jsonSchemaFor, type JsonSchemaOptions } from './json-schema.ts';
export { jsonText, parseJsonValue } from './json-value.ts';
export { typeText } from './type-text.ts';
export { type BtfValue, compileValueDecoder, type ValueDecoder, type ValueDecoderOptions } from './value-decoder.ts';
export { compileValueEncoder, type ValueEncoder, type ValueEncoderOptions } from './value-encoder.ts';
export { type CheckedTypes, findInvalidType, findUnknownKind, references } from './validate.ts';
export { definitionText } from './c/definition.ts';
export { BtfLookupError } from './find/lookup-error.ts';
export { findMember, type MemberPlace } from './find/member.ts';
export { findTypes } from './find/types.ts';
export { type TypeScriptOptions, writeTypeScript } from './typescript/declarations.ts';
