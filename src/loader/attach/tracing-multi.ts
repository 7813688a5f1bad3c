import { matchesGlob } from '../../bytes/index.ts';
import { Kind, type RecordView } from '../../btf/index.ts';
import { Errno } from '../../errors/index.ts';
import { errorText, failure, ObjectError } from '../../object/index.ts';
import { KernelBtf } from '../kernel-btf.ts';
import { type AttachableProgram, type AttachContext, LoadedLink, sectionRest, tryLink } from './link.ts';
import { fdOf } from '../fd-of.ts';

/** What a trampoline can pass on. Source: MAX_BPF_FUNC_ARGS, and 16 bytes an argument. */
const mostParameters = 12;
const largestParameter = 16;

/**
 * Attaches one program to the entry, the return or both, as it was loaded for, of all functions of the kernel that
 * `pattern` (with `*` and `?`) matches and a trampoline can call it from; `module:pattern` means a module's.
 * ObjectError if there is none, or the kernel refuses.
 */
export function attachTracingMulti(
  context: AttachContext,
  program: AttachableProgram,
  target: { pattern: string },
): LoadedLink {
  const { kernel, log } = context;
  const ids = matchingFunctions(context, program, target.pattern);
  const { fd, tooOld } = tryLink(kernel, {
    programFd: fdOf(program),
    target: 0,
    attachType: program.spec.expectedAttachType,
    details: { 'tracing_multi.ids': new Uint8Array(ids.buffer), 'tracing_multi.cnt': ids.length },
  });
  if (fd >= 0) return new LoadedLink(kernel, fd);
  throw failure(log, -fd, `prog '${program.name}': failed to attach: ${errorText(fd)}`, tooOld);
}

/** Attaches where the section says: `fentry.multi/vfs_*`. Undefined if it names no place. */
export function autoAttachTracingMulti(context: AttachContext, program: AttachableProgram): LoadedLink | undefined {
  const { sectionName } = program.spec;
  if (!sectionName.includes('/')) return undefined;
  const rest = sectionRest(sectionName);
  const pattern = /^[a-zA-Z0-9_.*?:]+/.exec(rest)?.[0];
  if (pattern === undefined) {
    throw failure(context.log, Errno.EINVAL, `tracing multi pattern is invalid: ${rest}`);
  }
  return attachTracingMulti(context, program, { pattern });
}

/** BTF ids of the functions, ascending. */
function matchingFunctions({ kernel, log }: AttachContext, program: AttachableProgram, target: string): Uint32Array {
  using kernelBtf = new KernelBtf(kernel, log);
  const none = (text: string) => new ObjectError(`prog '${program.name}': ${text}`, Errno.EINVAL);
  const colon = target.indexOf(':');
  const pattern = target.slice(colon + 1);
  let btf = kernelBtf.vmlinux;
  if (colon >= 0) {
    const name = target.slice(0, colon);
    const module = kernelBtf.modules.find((candidate) => candidate.name === name);
    if (module === undefined) throw none(`there is no module '${name}'`);
    btf = module.btf;
  }
  const ids: number[] = [];
  for (const id of btf.idsOfKind(Kind.func)) {
    if (matchesGlob(btf.name(id), pattern) && isTraceable(btf, id)) ids.push(id);
  }
  if (ids.length === 0) throw none(`no function that can be traced matches '${target}'`);
  return Uint32Array.from(ids);
}

function isTraceable(btf: RecordView, id: number): boolean {
  const prototype = btf.target(id);
  if (btf.kind(prototype) !== Kind.func_proto) return false;
  const count = btf.vlen(prototype);
  if (count > mostParameters) return false;
  const result = btf.target(prototype);
  if (result !== 0 && (valueSize(btf, result) === undefined || isAggregate(btf, result))) return false;
  for (let index = 0; index < count; index++) {
    const { typeId } = btf.parameter(prototype, index);
    const size = typeId === 0 ? undefined : valueSize(btf, typeId);
    if (size === undefined || size === 0 || size > largestParameter) return false;
  }
  return true;
}

function isAggregate(btf: RecordView, id: number): boolean {
  const kind = btf.kind(btf.resolve(id));
  return kind === Kind.struct || kind === Kind.union;
}

/** Bytes of what can be passed by value; undefined for anything else. */
function valueSize(btf: RecordView, id: number): number | undefined {
  const type = btf.resolve(id);
  switch (btf.kind(type)) {
    case Kind.ptr:
      return 8;
    case Kind.int:
    case Kind.enum:
    case Kind.enum64:
    case Kind.struct:
    case Kind.union:
      return btf.size(type);
    default:
      return undefined;
  }
}
