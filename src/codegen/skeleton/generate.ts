import { type ObjectSpec, parseObject } from '../../object/index.ts';
import { decodeUtf8 } from '../../bytes/index.ts';
import type { LoaderProgram } from '../loader/generate.ts';
import { describeObject, objectTypes } from '../describe/index.ts';
import { checkCNames } from './check-names.ts';
import { CodeText } from './code-text.ts';
import { type LightSignature, writeLightBeginning, writeLightEnd, writeLightLoader } from './light.ts';
import { type SkeletonModel, skeletonModel } from './model.ts';
import { objectNameOfFile } from './names.ts';
import { writeSkeleton } from './skeleton.ts';
import { writeSubskeleton } from './subskeleton.ts';
import { typeScriptSkeleton } from './typescript.ts';

/** A header that needs no libbpf (`gen skeleton -L`): it holds a loader program instead of the object. */
export interface LightSkeletonRequest {
  readonly language: 'c-light';
  /** Name of the object's file, which gives the skeleton its name where `name` does not. */
  readonly path: string;
  readonly name?: string;
  /**
   * Makes the loader program. `makeLoaderProgram` asks the running kernel for what the object wants of it, as bpftool
   * does; `generateLoader` makes one of what it is given.
   */
  readonly loader: (spec: ObjectSpec, options: { signed: boolean }) => LoaderProgram;
  /** Signs it (`-S`), as `signLoader` does. */
  readonly sign?: (loader: LoaderProgram) => LightSignature;
}

/** Which code is generated for an object. */
export type SkeletonRequest = PlainSkeletonRequest | LightSkeletonRequest;

/** Which skeleton is generated for an object that is loaded from its bytes. */
export interface PlainSkeletonRequest {
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
 * What `loader` and `sign` throw comes out.
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
  const spec = parse(bytes, request.language === 'c-subskeleton' ? '' : name);
  const model = skeletonModel(spec, name);
  checkCNames(model);
  const out = new CodeText();
  if (request.language === 'c') writeSkeleton(out, model, bytes);
  else if (request.language === 'c-light') writeLight(out, { spec, model, request });
  else writeSubskeleton(out, model);
  return decodeUtf8(out.finish());
}

function writeLight(
  out: CodeText,
  { spec, model, request }: { spec: ObjectSpec; model: SkeletonModel; request: LightSkeletonRequest },
): void {
  const signed = request.sign !== undefined;
  writeLightBeginning(out, model, { signed });
  const loader = request.loader(spec, { signed });
  writeLightLoader(out, model, loader);
  writeLightEnd(out, model, request.sign?.(loader));
}

function parse(bytes: Uint8Array, name: string): ObjectSpec {
  return parseObject(bytes, { path: name, name, inMemory: true });
}
