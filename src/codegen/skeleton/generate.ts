import { type ObjectSpec, parseObject } from '../../object/index.ts';
import { decodeUtf8 } from '../../bytes/index.ts';
import { describeObject, objectTypes } from '../describe/index.ts';
import { checkCNames } from './check-names.ts';
import { CodeText } from './code-text.ts';
import { skeletonModel } from './model.ts';
import { objectNameOfFile } from './names.ts';
import { writeSkeleton } from './skeleton.ts';
import { writeSubskeleton } from './subskeleton.ts';
import { typeScriptSkeleton } from './typescript.ts';

/** What code is wanted of an object. */
export interface SkeletonRequest {
  /** `c` and `c-subskeleton` are bpftool's headers, `ts` is a TypeScript module. */
  readonly language: 'c' | 'c-subskeleton' | 'ts';
  /** Name of the object's file, which gives the skeleton its name where `name` does not. */
  readonly path: string;
  readonly name?: string;
  /** Names of the types of events, by name of the ring or perf buffer (`ts`). */
  readonly events?: Readonly<Record<string, string>>;
  /** The module reads the object from this file beside it instead of holding it (`ts`). */
  readonly external?: string;
}

/**
 * Code for programs that use an object, from the bytes of its file: the text of `gen skeleton`. ObjectError or
 * ParseError for what is no object, ObjectError too where C cannot have its names, UsageError for events that are none.
 */
export function generateSkeleton(bytes: Uint8Array, request: SkeletonRequest): string {
  const name = request.name ?? objectNameOfFile(request.path);
  if (request.language === 'ts') {
    const spec = parse(bytes, name);
    const description = describeObject(spec, { name, ...(request.events && { events: request.events }) });
    const { external } = request;
    const place =
      external === undefined ? ({ kind: 'embedded', bytes } as const) : ({ kind: 'external', file: external } as const);
    return typeScriptSkeleton(description, objectTypes(spec), place);
  }
  const isWhole = request.language === 'c';
  const model = skeletonModel(parse(bytes, isWhole ? name : ''), name);
  checkCNames(model);
  const out = new CodeText();
  if (isWhole) writeSkeleton(out, model, bytes);
  else writeSubskeleton(out, model);
  return decodeUtf8(out.finish());
}

function parse(bytes: Uint8Array, name: string): ObjectSpec {
  return parseObject(bytes, { path: name, name, inMemory: true });
}
