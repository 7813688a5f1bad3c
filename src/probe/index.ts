export * from './permission.ts';
export { explainUnsupported, newerThan, type Refusal } from './unsupported.ts';
export { type WatchedKernel, watchRefusals } from './watch.ts';
