export * from './flags.ts';
export * from './generated/attr.ts';
export * from './generated/constants.ts';
export * from './generated/enums.ts';
export * from './generated/structs.ts';
export * from './names.ts';
export * from './struct-view.ts';
