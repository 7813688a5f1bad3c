import { Errno, errnoName, ParseError } from '../../errors/index.ts';
import type { Btf } from '../parse.ts';
import { Kind } from '../records.ts';
import { BtfCycleError } from '../dedup/dedup.ts';
import { checkTypes, findUnknownKind } from '../validate.ts';
import { withinStack } from '../within-stack.ts';
import { CDefinitions } from './define.ts';
import { sortForC } from './sort.ts';

/** What `dumpC` writes, how and where to. */
export interface DumpCOptions {
  /** Types to dump, with what they need; all types, and the kfunc prototypes, unless given. */
  readonly roots?: readonly number[];
  /** Order by kind and name instead of by id. */
  readonly sorted?: boolean;
  /** Receives the text in pieces, as UTF-8; each is a view that is reused once it returns. */
  readonly write: (utf8: Uint8Array) => void;
  /** Receives what could not be expressed. */
  readonly warn?: (message: string) => void;
}

const prologue = `#ifndef __VMLINUX_H__
#define __VMLINUX_H__

#ifndef BPF_NO_PRESERVE_ACCESS_INDEX
#pragma clang attribute push (__attribute__((preserve_access_index)), apply_to = record)
#endif

#ifndef __ksym
#define __ksym __attribute__((section(".ksyms")))
#endif

#ifndef __weak
#define __weak __attribute__((weak))
#endif

#ifndef __bpf_fastcall
#if __has_attribute(bpf_fastcall)
#define __bpf_fastcall __attribute__((bpf_fastcall))
#else
#define __bpf_fastcall
#endif
#endif

`;

const epilogue = `#ifndef BPF_NO_PRESERVE_ACCESS_INDEX
#pragma clang attribute pop
#endif

#endif /* __VMLINUX_H__ */
`;

/**
 * Writes BTF as a C header, in the reference's text. Throws ParseError, with nothing written, where types are damaged or
 * of a kind that is not known here, and BtfCycleError where types embed each other.
 */
export function dumpC(btf: Btf, options: DumpCOptions): void {
  const status = tryDumpC(btf, options);
  if (status === -Errno.ELOOP) throw new BtfCycleError('BTF', 0, 'types embed each other');
  if (status < 0) checkTypes(btf);
  if (status < 0) throw new ParseError('BTF', 0, `a type that C has no declaration for: ${errnoName(-status)}`);
}

/** As `dumpC`: 0, or -ELOOP where types embed each other, -EINVAL where a type is of a kind that is not known here. */
export function tryDumpC(btf: Btf, options: DumpCOptions): number {
  for (let part: Btf | undefined = btf; part !== undefined; part = part.base) {
    if (part.problem !== undefined) throw new ParseError('BTF', 0, part.problem);
    if (findUnknownKind(part) !== undefined) return -Errno.EINVAL;
  }
  const definitions = new CDefinitions(btf, options.write, options.warn ?? (() => {}));
  definitions.out.put(prologue);
  const status = withinStack(() => dumpTypes(btf, definitions, options));
  if (status === 0) definitions.out.put(epilogue);
  definitions.out.flush();
  return status;
}

function dumpTypes(btf: Btf, definitions: CDefinitions, options: DumpCOptions): number {
  const { roots } = options;
  if (roots !== undefined && roots.length > 0) return addAll(definitions, roots);
  const status = addAll(definitions, options.sorted ? sortForC(btf) : allIds(btf));
  if (status === 0) dumpKfuncs(btf, definitions);
  return status;
}

function addAll(definitions: CDefinitions, ids: Iterable<number>): number {
  for (const id of ids) {
    const status = definitions.add(id);
    if (status < 0) return status;
  }
  return 0;
}

function* allIds(btf: Btf): Generator<number> {
  for (let id = 1; id <= btf.typeCount; id++) yield id;
}

function dumpKfuncs(btf: Btf, { out, declarations }: CDefinitions): void {
  const { graph } = btf;
  const kfuncs: { id: number; name: string }[] = [];
  const fast = new Set<number>();
  for (let tag = 1; tag <= graph.typeCount; tag++) {
    // The tag is on the function itself, not on a parameter.
    if (graph.kind(tag) !== Kind.decl_tag || graph.tail(tag, 0) !== 0xffff_ffff) continue;
    const id = graph.sizeOrType(tag);
    if (graph.kind(id) !== Kind.func) continue;
    const text = btf.str(graph.name(tag));
    if (text === 'bpf_kfunc') kfuncs.push({ id, name: btf.str(graph.name(id)) });
    if (text === 'bpf_fastcall') fast.add(id);
  }
  kfuncs.sort((a, b) => (a.name < b.name ? -1 : a.name > b.name ? 1 : 0));
  out.put('\n/* BPF kfuncs */\n#ifndef BPF_NO_KFUNC_PROTOTYPES\n');
  for (const { id, name } of kfuncs) {
    out.put(fast.has(id) ? 'extern __bpf_fastcall ' : 'extern ');
    declarations.declaration(graph.sizeOrType(id), name, 0);
    out.put(' __weak __ksym;\n');
  }
  out.put('#endif\n\n');
}
