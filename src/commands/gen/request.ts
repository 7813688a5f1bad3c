// FILE and `name` of `gen skeleton` and `gen subskeleton`: the beginning of do_skeleton() in bpftool's src/gen.c.
import { type Context, fail, usage, type Words } from '../../cli/index.ts';
import { givenObjectName, isCIdentifier, objectNameOfFile } from '../../codegen/index.ts';
import { Errno, strerror, SyscallError } from '../../errors/index.ts';
import { kernelOf } from '../shared/kernel.ts';

/** What a skeleton is asked for: `FILE [name NAME]`. */
export interface SkeletonRequest {
  readonly path: string;
  readonly name: string;
}

/** Reads the words; `checkName` says why a name that was given does not do. */
export function readRequest(
  ctx: Context,
  words: Words,
  checkName: (name: string) => string | undefined = problemInC,
): SkeletonRequest {
  if (words.left < 1) {
    ctx.error(`'${words.previous}' needs at least 1 arguments, 0 found`);
    usage();
  }
  const path = words.next();
  let name = '';
  // The empty name counts as none, so that it may be given twice.
  while (words.left > 0) {
    words.require(2);
    if (!words.take('name')) fail(`unknown arg ${words.peek()}`);
    if (name !== '') fail('object name already specified');
    name = givenObjectName(words.next());
    const problem = name === '' ? undefined : checkName(name);
    if (problem !== undefined) fail(problem);
  }
  return { path, name: name === '' ? objectNameOfFile(path) : name };
}

function problemInC(name: string): string | undefined {
  return isCIdentifier(name) ? undefined : `'${name}' is no identifier in C, so nothing can be named so`;
}

/** The bytes of an object's file, refused as the reference refuses what it cannot map. */
export function readObjectBytes(ctx: Context, path: string): Uint8Array {
  // mmap(2) refuses directories and what has no bytes; the messages are about it.
  const kernel = kernelOf(ctx);
  const status = attempt(`failed to stat() ${path}`, () => kernel.statusFollowing(path));
  if (status.kind === 'directory') fail(`failed to mmap() ${path}: ${strerror(Errno.ENODEV)}`);
  if (status.size === 0) fail(`failed to mmap() ${path}: ${strerror(Errno.EINVAL)}`);
  return attempt(`failed to open() ${path}`, () => kernel.readFile(path));
}

function attempt<T>(what: string, call: () => T): T {
  try {
    return call();
  } catch (cause) {
    if (!(cause instanceof SyscallError)) throw cause;
    fail(`${what}: ${strerror(cause.errno)}`, { cause });
  }
}
