export { type AttachKind, attachKind } from './attach-kind.ts';
export {
  describeObject,
  type DescribeOptions,
  type MapDescription,
  type MapUse,
  type ObjectDescription,
  objectTypes,
  type ProgramDescription,
  type VariableDescription,
} from './describe.ts';
export { descriptionJson } from './json.ts';
