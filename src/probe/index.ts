export * from './permission.ts';
export { explainUnsupported, newerThan } from './unsupported.ts';
export { type RefusedCall, type WatchedKernel, watchRefusals } from '../kernel/index.ts';
export { type RefusalKind, refusalKinds } from './refusal/catalogue.ts';
export {
  type ExplainedStep,
  type Explanation,
  explainRefusal,
  type Refusal,
  type SourcePlace,
} from './refusal/explain.ts';
export { parseVerifierLog, type RegisterStates, type Step, type VerifierLog, withoutReport } from './refusal/log.ts';
export type { MiscellaneousFeature } from './features/code.ts';
export { defaultKernel, type FeaturedKernel, KernelFeatures, openKernel, type Support } from './features/features.ts';
export { type DeviceTarget, Prober } from './features/prober.ts';
