// Externs: variables of `.kconfig`, whose values the loader takes from the kernel's configuration, and variables and
// functions of `.ksyms`, whose addresses or BTF ids the kernel has. Source: libbpf.c, bpf_object__collect_externs.
import { Errno } from '../errors/index.ts';
import { Elf, type ElfSymbol } from '../elf/index.ts';
import { alignUp } from '../bytes/index.ts';
import { type BtfEdit, idNamed, idsNamed, Kind } from '../btf/index.ts';
import { failure, LibbpfErrno, ObjectError, tell } from './failure.ts';
import { nameOfSymbol, type ObjectDraft } from './draft.ts';
import type { ExternSpec } from './spec.ts';

/** The name without a flavour: `task_struct___old` is `task_struct`. */
export function essentialName(name: string): string {
  // `___` separates only between characters that are no underscores, and the last such place counts.
  for (let at = name.length - 5; at >= 0; at--) {
    if (name[at] !== '_' && name.slice(at + 1, at + 4) === '___' && name[at + 4] !== '_') return name.slice(0, at + 1);
  }
  return name;
}

/** A symbol that is defined elsewhere: in the kernel's configuration or symbols. */
export function isExtern(symbol: ElfSymbol): boolean {
  return symbol.sectionIndex === Elf.SHN_UNDEF && symbol.binding !== Elf.STB_LOCAL && symbol.type === Elf.STT_NOTYPE;
}

/** Bytes of an Elf64_Sym. */
const symbolSize = 24;

type KconfigKind = Extract<ExternSpec, { kind: 'kconfig' }>['valueKind'];

/**
 * Lists the externs in libbpf's order, and turns their BTF into what the kernel accepts: allocated variables.
 * The offsets of kconfig values in their map follow from that order.
 */
export function collectExterns(draft: ObjectDraft): ExternSpec[] {
  const { log } = draft;
  if (draft.elf.sections[draft.elf.symbolTableIndex]!.entrySize !== symbolSize) {
    throw new ObjectError(`expected symbols of ${symbolSize} bytes`, LibbpfErrno.FORMAT);
  }
  tell(log, () => `looking for externs among ${draft.elf.symbols.length} symbols...`);
  const symbols = draft.elf.symbols.filter((symbol) => isExtern(symbol) && nameOfSymbol(draft, symbol) !== '');
  if (symbols.length === 0 || !draft.btf) {
    if (symbols.length > 0) {
      throw failure(draft.log, Errno.ESRCH, `failed to find BTF for extern '${symbols[0]!.name}': -3`);
    }
    tell(log, () => 'collected 0 externs total');
    return [];
  }
  const { btf } = draft;
  // libbpf adds the variable that stands for functions before it looks at the externs.
  const ksyms = idNamed(btf, '.ksyms', Kind.datasec);
  const dummy =
    ksyms !== 0 && btf.variables(ksyms).some((variable) => btf.kind(variable.typeId) === Kind.func)
      ? btf.addType({ name: 'dummy_ksym', kind: Kind.var, sizeOrType: findInt(btf), tail: [1] })
      : 0;
  const found = symbols.map((symbol) => describe(draft, btf, symbol));
  tell(log, () => `collected ${found.length} externs total`);
  found.sort(compare);
  let offset = 0;
  const externs = found.map((extern): ExternSpec => {
    if (extern.kind !== 'kconfig') return extern;
    const at = alignUp(offset, extern.alignment);
    offset = at + extern.size;
    return { ...extern, offset: at };
  });
  if (ksyms !== 0) {
    for (const [index, { kind, symbolIndex, name }] of externs.entries()) {
      if (kind === 'ksym') tell(log, () => `extern (ksym) #${index}: symbol ${symbolIndex}, name ${name}`);
    }
  }
  if (ksyms !== 0) rewriteKsyms(draft, btf, { section: ksyms, dummy, externs });
  const kconfig = idNamed(btf, '.kconfig', Kind.datasec);
  if (kconfig !== 0) {
    for (const [index, extern] of externs.entries()) {
      if (extern.kind !== 'kconfig') continue;
      const { symbolIndex, offset: at, name } = extern;
      tell(log, () => `extern (kcfg) #${index}: symbol ${symbolIndex}, off ${at}, name ${name}`);
    }
  }
  if (kconfig !== 0) rewriteKconfig(draft, btf, { section: kconfig, size: offset, externs });
  return externs;
}

function describe(draft: ObjectDraft, btf: BtfEdit, symbol: ElfSymbol): ExternSpec {
  const { log } = draft;
  const { name } = symbol;
  let typeId = 0;
  // ENOENT if BTF has no such name, EINVAL if it has one that is not extern.
  let problem = 2;
  for (const id of idsNamed(btf, name)) {
    const kind = btf.kind(id);
    if (kind !== Kind.var && kind !== Kind.func) continue;
    // The info word of a BTF_KIND_FUNC has its linkage where other kinds have their number of members.
    const linkage = kind === Kind.var ? btf.varLinkage(id) : btf.vlen(id);
    // BTF_VAR_GLOBAL_EXTERN and BTF_FUNC_EXTERN are both 2.
    if (linkage === 2) typeId = id;
    else problem = 22;
    break;
  }
  if (typeId === 0) throw failure(log, problem, `failed to find BTF for extern '${name}': ${-problem}`);
  let section = '';
  for (const id of btf.idsOfKind(Kind.datasec)) {
    if (btf.variables(id).some((variable) => variable.typeId === typeId)) {
      section = btf.name(id);
      break;
    }
  }
  if (section === '') {
    throw failure(log, Errno.ENOENT, `failed to find BTF for extern '${name}' [${typeId}] section: -2`);
  }
  const common = {
    name,
    essentialName: essentialName(name),
    symbolIndex: symbol.index,
    weak: symbol.binding === Elf.STB_WEAK,
    typeId,
  };
  const isFunction = btf.kind(typeId) === Kind.func;
  const target = btf.target(typeId);
  if (section === '.ksyms') {
    return { ...common, kind: 'ksym', function: isFunction, symbolTypeId: btf.resolve(target) };
  }
  if (section !== '.kconfig') throw failure(log, Errno.EOPNOTSUPP, `unrecognized extern section '${section}'`);
  if (isFunction) throw failure(log, Errno.EOPNOTSUPP, `extern function ${name} is unsupported under .kconfig section`);
  const size = btf.sizeOf(target);
  if (!size) throw failure(log, Errno.EINVAL, `failed to resolve size of extern (kcfg) '${name}': ${size ?? -22}`);
  const alignment = btf.alignOf(target);
  if (alignment <= 0) {
    throw failure(log, Errno.EINVAL, `failed to determine alignment of extern (kcfg) '${name}': ${alignment}`);
  }
  const value = kconfigKind(btf, target);
  if (!value) throw failure(log, Errno.EOPNOTSUPP, `extern (kcfg) '${name}': type is unsupported`);
  return { ...common, kind: 'kconfig', valueKind: value.kind, signed: value.signed, size, alignment, offset: 0 };
}

/** What a kconfig variable may be: the values of the kernel's configuration are y/n/m, numbers and strings. */
function kconfigKind(btf: BtfEdit, typeId: number): { kind: KconfigKind; signed: boolean } | undefined {
  const id = btf.resolve(typeId);
  switch (btf.kind(id)) {
    case Kind.int: {
      const { bool, signed } = btf.intEncoding(id);
      const size = btf.size(id);
      if (bool) return size === 1 ? { kind: 'bool', signed: false } : undefined;
      if (size === 1) return { kind: 'char', signed };
      return [2, 4, 8].includes(size) ? { kind: 'int', signed } : undefined;
    }
    case Kind.enum:
    case Kind.enum64:
      // `enum libbpf_tristate` of bpf_helpers.h: TRI_NO, TRI_YES, TRI_MODULE.
      if (btf.name(id) !== 'libbpf_tristate') return undefined;
      if (btf.kind(id) === Kind.enum && btf.size(id) !== 4) return undefined;
      return { kind: 'tristate', signed: false };
    case Kind.array: {
      const { elementTypeId, length } = btf.array(id);
      if (length === 0 || kconfigKind(btf, elementTypeId)?.kind !== 'char') return undefined;
      return { kind: 'charArray', signed: false };
    }
    default:
      return undefined;
  }
}

/** kconfig before ksyms; kconfig by falling alignment, then size; ties by name. */
function compare(a: ExternSpec, b: ExternSpec): number {
  // Largest alignment first leaves no gaps between the values in the map.
  if (a.kind !== b.kind) return a.kind === 'kconfig' ? -1 : 1;
  if (a.kind === 'kconfig' && b.kind === 'kconfig') {
    if (a.alignment !== b.alignment) return b.alignment - a.alignment;
    if (a.size !== b.size) return a.size - b.size;
  }
  return a.name < b.name ? -1 : a.name > b.name ? 1 : 0;
}

/** The id of a 32-bit integer type, for variables that stand for kernel symbols; 0 if there is none. */
function findInt(btf: BtfEdit): number {
  for (const id of btf.idsOfKind(Kind.int)) if (btf.intEncoding(id).bits === 32) return id;
  return 0;
}

/** Every kernel symbol becomes a 4-byte variable; functions become global, their section entries the dummy. */
function rewriteKsyms(
  draft: ObjectDraft,
  btf: BtfEdit,
  ksyms: { section: number; dummy: number; externs: readonly ExternSpec[] },
): void {
  const int = findInt(btf);
  const variables = btf.variables(ksyms.section);
  variables.forEach((variable, index) => {
    const id = variable.typeId;
    const name = btf.name(id);
    if (!ksyms.externs.some((extern) => extern.name === name)) {
      throw failure(draft.log, Errno.ESRCH, `failed to find extern definition for BTF ${btf.kindName(id)} '${name}'`);
    }
    if (btf.kind(id) === Kind.func) {
      // The kernel takes only variables in a DATASEC, so that the function's entry refers to the dummy.
      nameParameters(btf, btf.target(id), btf.nameOffset(ksyms.dummy));
      variable.typeId = ksyms.dummy;
      btf.setInfo(id, { kind: Kind.func, vlen: 1 });
    } else {
      btf.setVarLinkage(id, 1);
      btf.setTarget(id, int);
    }
    variable.offset = index * 4;
    variable.size = 4;
  });
  btf.setVariables(ksyms.section, variables);
  btf.setSize(ksyms.section, variables.length * 4);
}

/** Global functions must have named parameters. */
function nameParameters(btf: BtfEdit, prototype: number, nameOffset: number): void {
  for (let index = 0; index < btf.vlen(prototype); index++) {
    const parameter = btf.parameter(prototype, index);
    if (parameter.typeId !== 0 && parameter.nameOffset === 0) {
      btf.setParameter(prototype, index, { ...parameter, nameOffset });
    }
  }
}

/**
 * Extern variables become allocated ones, which the kernel accepts, at the places that their values have in the map.
 */
function rewriteKconfig(
  draft: ObjectDraft,
  btf: BtfEdit,
  kconfig: { section: number; size: number; externs: readonly ExternSpec[] },
): void {
  const variables = btf.variables(kconfig.section);
  for (const variable of variables) {
    const name = btf.name(variable.typeId);
    const extern = kconfig.externs.find((candidate) => candidate.name === name);
    if (extern?.kind !== 'kconfig') {
      throw failure(draft.log, Errno.ESRCH, `failed to find extern definition for BTF var '${name}'`);
    }
    btf.setVarLinkage(variable.typeId, 1);
    variable.offset = extern.offset;
  }
  btf.setVariables(kconfig.section, variables);
  btf.setSize(kconfig.section, kconfig.size);
}
