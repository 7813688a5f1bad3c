export { generateLoader, type LoaderOptions, type LoaderProgram } from './loader/generate.ts';
export { contextHeader, mapPlaces, programPlace } from './loader/layout.ts';
export type { MapPins } from './loader/maps.ts';
