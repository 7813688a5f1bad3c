export { Btf, parseBtf } from './parse.ts';
export * from './types.ts';
