export { linkObjects, type LinkOptions, ObjectLinker } from './link.ts';
export type { LinkInput } from './source.ts';
