import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { UsageError } from '../../errors/index.ts';
import { objectName } from '../../object/index.ts';
import type { LoadOptions } from '../load.ts';
import {
  type AnyMaps,
  type AnyPrograms,
  type AnyVariables,
  type FileUrl,
  ObjectSkeleton,
  type SkeletonOptions,
} from './object-skeleton.ts';

/** What is known of an object's members before it is read: the interfaces of a generated module, or such as are written by hand. */
export interface ObjectShape {
  readonly maps?: object;
  readonly variables?: object;
  readonly programs?: object;
}

/** An object by a shape; what it does not say is found out at run time. */
export type ShapedObject<Shape extends ObjectShape> = ObjectSkeleton<
  Shape['maps'] extends object ? Shape['maps'] : AnyMaps,
  Shape['variables'] extends object ? Shape['variables'] : AnyVariables,
  Shape['programs'] extends object ? Shape['programs'] : AnyPrograms
>;

/** How an object is opened. */
export interface OpenOptions extends SkeletonOptions {
  /** Its name, instead of that of the file. */
  readonly name?: string;
}

/** How an object is opened and loaded. */
export interface FrontDoorOptions
  extends OpenOptions,
    Omit<LoadOptions, 'log' | 'replaceMaps' | 'contents' | 'logLevels'> {}

/**
 * Reads an object file, given by its path, a `file:` URL or its bytes. Nothing is asked of the kernel before `load` of what
 * is returned, and until then variables and sizes may be changed. UsageError for options that name what is not there,
 * ObjectError for what is no object, and Node's error where the file cannot be read.
 */
export function openObject<Shape extends ObjectShape = ObjectShape>(
  object: string | FileUrl | Uint8Array,
  options: OpenOptions = {},
): ShapedObject<Shape> {
  const [bytes, path] = read(object);
  const name = options.name ?? objectName(path);
  const source = { name, object: bytes, isUntyped: true };
  return new ObjectSkeleton(source, options) as unknown as ShapedObject<Shape>;
}

/**
 * Loads an object file into the kernel: maps, programs and global variables are members by their names. Close it, or let
 * `using` do so: what it attached ends then, and what is not pinned is gone.
 *
 * Throws as `openObject`, and ObjectError, ProgramRefused (with the verifier's log) or SyscallError where the kernel refuses,
 * with nothing left behind.
 */
export function load<Shape extends ObjectShape = ObjectShape>(
  object: string | FileUrl | Uint8Array,
  options: FrontDoorOptions = {},
): ShapedObject<Shape> {
  const {
    kernel: _,
    log: _log,
    variables: _variables,
    maps: _maps,
    programs: _programs,
    name: _name,
    ...forLoading
  } = options;
  const opened = openObject<Shape>(object, options);
  try {
    return opened.load(forLoading);
  } catch (error) {
    opened.close();
    throw error;
  }
}

function read(object: string | FileUrl | Uint8Array): [bytes: Uint8Array, path: string] {
  if (object instanceof Uint8Array) return [object, 'object'];
  if (typeof object !== 'string' && typeof object?.href !== 'string') {
    throw new UsageError('an object is named by its path or a file: URL, or given as the bytes of its file');
  }
  const path = typeof object === 'string' ? object : fileURLToPath(object.href);
  return [readFileSync(path), path];
}
