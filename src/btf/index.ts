export { dumpC, type DumpCOptions } from './dump-c.ts';
export { rawJson, rawText } from './dump-raw.ts';
export {
  type BtfExt,
  type CoreRelocation,
  type ExtSection,
  type FuncInfo,
  type LineInfo,
  parseBtfExt,
} from './ext.ts';
export { funcPrototype } from './func-prototype.ts';
export { Btf, parseBtf } from './parse.ts';
export { alignOf, isModifier, pointerSize, resolve, sizeOf, tryResolve, trySizeOf } from './resolve.ts';
export * from './types.ts';
export { compileValuePrinter, type ValuePrinter, type ValuePrinterOptions, type ValueSink } from './value-printer.ts';
