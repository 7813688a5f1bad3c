export * from './defines.ts';
export * from './generated/constants.ts';
export * from './generated/enums.ts';
export * from './generated/structs.ts';
export { copyStruct, type FieldLayout, type StructLayout, StructView, structView } from './layout.ts';
export { type NativeStruct, type Pointer, plainStruct, textTable } from './native-struct.ts';
export * from './link-types.ts';
export * from './map-types.ts';
export * from './names.ts';
