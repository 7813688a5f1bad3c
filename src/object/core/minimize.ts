import {
  type Btf,
  BtfMinimizer,
  coreRecord,
  type CoreUse,
  decodeRecords,
  parseBtf,
  readBtfExt,
  type RecordView,
} from '../../btf/index.ts';
import { parseElf } from '../../elf/index.ts';
import { Errno } from '../../errors/index.ts';
import { type DiagnosticLog, ObjectError } from '../failure.ts';
import type { TypeRelocationRecord } from '../spec.ts';
import { type RelocatedCode, Resolver } from './resolve.ts';
import { TargetNames } from './target-names.ts';

const instructionSize = 8;

/** The types of an object, and the relocations that ask for those of a target. */
export interface CoreUser {
  readonly btf: RecordView;
  /** The contents of its `.BTF.ext`. */
  readonly ext: Uint8Array;
}

/** The types that objects relocate against. */
export interface CoreTarget {
  readonly btf: RecordView;
  /** What was found in it for other objects. */
  readonly names: TargetNames;
}

/**
 * What the type relocations of an object need of a target's types. ParseError for damaged records, and ObjectError, after
 * libbpf's warnings, where a relocation is ambiguous or damaged. Source: btfgen_record_obj of bpftool.
 */
export function coreUses({ btf, ext }: CoreUser, target: CoreTarget, log: DiagnosticLog): CoreUse[] {
  const programs = relocatedSections(btf, ext);
  const resolver = new Resolver({
    btf,
    programs,
    targets: { main: target.btf, modules: () => [] },
    names: target.names,
    log,
    acceptsUnnamed: true,
  });
  const uses: CoreUse[] = [];
  for (const program of programs) {
    for (const relocation of program.coreRelocations) {
      if (!btf.has(relocation.typeId)) {
        throw new ObjectError(`a relocation of type ${relocation.typeId}, which is not there`, Errno.EINVAL);
      }
      const { path } = resolver.resolve(program, relocation);
      if (path !== undefined) uses.push({ kind: relocation.kind, rootId: path.rootId, access: path.raw });
    }
  }
  return uses;
}

/** Relocations by section, each section taking the place of a program in messages. */
function relocatedSections(btf: RecordView, ext: Uint8Array): RelocatedCode[] {
  const { littleEndian, coreRelos } = readBtfExt(ext);
  return coreRelos.map((records) => ({
    name: btf.text(records.section),
    sectionOffset: 0,
    coreRelocations: decodeRecords(records, coreRecord, littleEndian).map(
      ({ insnOffset, typeId, access, kind }, number): TypeRelocationRecord => ({
        index: Math.floor(insnOffset / instructionSize),
        typeId,
        access: btf.text(access),
        accessOffset: access,
        kind,
        number,
      }),
    ),
  }));
}

/**
 * The smallest BTF that type relocations (CO-RE) of some objects need of a target's, such as a kernel's: what
 * `gen min_core_btf` of bpftool makes, byte for byte. `target` is raw BTF, or BTF that was parsed. Throws ParseError for what
 * is damaged, and ObjectError for objects without types, and for relocations that the target answers in several ways.
 */
export function minimizeBtf(
  target: Uint8Array | Btf,
  objects: readonly { readonly name: string; readonly bytes: Uint8Array }[],
  options: { log?: DiagnosticLog } = {},
): Uint8Array {
  const source = target instanceof Uint8Array ? parseBtf(target) : target;
  const minimizer = new BtfMinimizer(source);
  const places = { btf: source.records, names: new TargetNames() };
  for (const { name, bytes } of objects) {
    const { sections } = parseElf(bytes);
    const contents = (section: string) => {
      const found = sections.find((one) => one.name === section);
      if (found === undefined) throw new ObjectError(`${name} has no section ${section}`, Errno.ENODATA);
      return found.bytes;
    };
    const user = { btf: parseBtf(contents('.BTF')).records, ext: contents('.BTF.ext') };
    for (const use of coreUses(user, places, options.log ?? (() => {}))) minimizer.add(use);
  }
  return minimizer.finish();
}
