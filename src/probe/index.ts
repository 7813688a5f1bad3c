export * from './permission.ts';
export { explainUnsupported, newerThan, type RefusedCall } from './unsupported.ts';
export { type WatchedKernel, watchRefusals } from './watch.ts';
export { type RefusalKind, refusalKinds } from './refusal/catalogue.ts';
export {
  type ExplainedStep,
  type Explanation,
  explainRefusal,
  type Refusal,
  type SourcePlace,
} from './refusal/explain.ts';
export { parseVerifierLog, type States, type Step, type VerifierLog } from './refusal/log.ts';
