export * from './errors.ts';
export * from './errno.ts';
