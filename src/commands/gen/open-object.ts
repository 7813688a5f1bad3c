import { type Context, fail } from '../../cli/index.ts';
import { checkCNames, type SkeletonModel, skeletonModel } from '../../codegen/index.ts';
import { Errno, ParseError } from '../../errors/index.ts';
import { failureText, ObjectError, type ObjectSpec, parseObject } from '../../object/index.ts';
import { diagnostics } from '../shared/libbpf-log.ts';
import { checkTokenPath } from '../shared/object-file.ts';

export interface OpenRequest {
  /** What the object, and maps of its global data, are called. */
  readonly objectName: string;
  /** What its skeleton is called. */
  readonly name: string;
  /** The exit status of a failure to open the object, instead of one for its errno. */
  readonly failureStatus?: number;
}

export interface OpenedObject {
  readonly spec: ObjectSpec;
  readonly model: SkeletonModel;
}

/** Reads an object from its bytes. libbpf's diagnostics are printed; fails where it is none. */
export function openObject(ctx: Context, bytes: Uint8Array, request: OpenRequest): OpenedObject {
  const { objectName, name } = request;
  const log = diagnostics(ctx);
  return opening(request, () => {
    checkTokenPath();
    // The reference hands the bytes on, not the file: messages name the object.
    const spec = parseObject(bytes, { path: objectName, name: objectName, inMemory: true, log });
    return { spec, model: skeletonModel(spec, name, (message) => log('warn', message)) };
  });
}

function opening<T>({ failureStatus }: OpenRequest, open: () => T): T {
  try {
    return open();
  } catch (cause) {
    if (!(cause instanceof ObjectError) && !(cause instanceof ParseError)) throw cause;
    const errno = cause instanceof ObjectError ? cause.errno : Errno.EINVAL;
    fail(`failed to open BPF object file: ${failureText(errno)}`, { cause, status: failureStatus ?? -errno });
  }
}

/** Fails where no C compiler would take the names of an object. */
export function requireCNames(model: SkeletonModel): void {
  try {
    checkCNames(model);
  } catch (cause) {
    if (!(cause instanceof ObjectError)) throw cause;
    fail(cause.message, { cause });
  }
}
