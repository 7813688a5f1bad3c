export * from './defines.ts';
export * from './generated/constants.ts';
export * from './generated/enums.ts';
export * from './generated/structs.ts';
export { type FieldLayout, type StructLayout, StructView, structView } from './layout.ts';
export * from './names.ts';
