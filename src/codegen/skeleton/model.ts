import { type Btf, type BtfDatasec, CDeclarationWriter } from '../../btf/index.ts';
import type { MapSpec, ObjectSpec, ProgramSpec } from '../../object/index.ts';
import { BPF_F_MMAPABLE, bpf_map_type } from '../../uapi/index.ts';
import { objectTypes } from '../describe/index.ts';
import { dataMapIdentifier, mapIdentifier, sectionIdentifier } from './names.ts';

/** A map as a skeleton shows it. */
export interface SkeletonMap {
  readonly spec: MapSpec;
  /** Its place in the object. */
  readonly index: number;
  readonly identifier: string;
  /** What its contents are called where the kernel maps them into memory, or libbpf copies them for each processor. */
  readonly contents: string | undefined;
  /** The section of its variables, for such maps. */
  readonly section: BtfDatasec | undefined;
}

/** An object as its skeleton shows it. */
export interface SkeletonModel {
  readonly name: string;
  /** As the object has them once it is open: the reference changes sections and externs. */
  readonly btf: Btf | undefined;
  readonly maps: readonly SkeletonMap[];
  /** Names of maps of global data that a skeleton cannot show. */
  readonly unnamed: readonly string[];
  readonly programs: readonly ProgramSpec[];
  readonly warn: (message: string) => void;
}

/** What a skeleton shows of an object. `warn` receives diagnostics in libbpf's words. */
export function skeletonModel(
  spec: ObjectSpec,
  name: string,
  warn: (message: string) => void = () => {},
): SkeletonModel {
  const btf = objectTypes(spec);
  const sections = btf === undefined ? new Map<string, BtfDatasec>() : sectionsByIdentifier(btf);
  const maps: SkeletonMap[] = [];
  const unnamed: string[] = [];
  for (const [index, map] of spec.maps.entries()) {
    const identifier = isGlobalData(map) ? dataMapIdentifier(map.name) : mapIdentifier(map.name);
    if (identifier === undefined) {
      unnamed.push(map.name);
      continue;
    }
    const contents = contentsName(map, identifier, btf);
    maps.push({
      spec: map,
      index,
      identifier,
      contents,
      section: contents === undefined ? undefined : sections.get(contents),
    });
  }
  const programs = spec.programs.filter(({ subprogram }) => !subprogram);
  return { name, btf, maps, unnamed, programs, warn };
}

/** Bytes: of BPF programs, whatever their types say. */
export const pointerSize = 8;

/** True for maps that stand for sections of global variables. */
export function isGlobalData({ origin }: MapSpec): boolean {
  return origin !== 'user' && origin !== 'structOps';
}

/** Global data of which every processor has its own. */
export function isPerCpuData({ spec }: SkeletonMap): boolean {
  return spec.origin === 'percpu';
}

/** True for maps that hold a struct of callbacks (struct_ops). */
export function isStructOps({ spec }: SkeletonMap): boolean {
  return spec.type === bpf_map_type.BPF_MAP_TYPE_STRUCT_OPS;
}

function contentsName(map: MapSpec, identifier: string, btf: Btf | undefined): string | undefined {
  if (map.type === bpf_map_type.BPF_MAP_TYPE_ARENA && map.initialValue !== undefined) return 'arena';
  if (map.origin === 'percpu') return btf?.typeById(map.valueTypeId)?.kind === 'datasec' ? identifier : undefined;
  return isGlobalData(map) && (map.flags & BPF_F_MMAPABLE) !== 0 ? identifier : undefined;
}

/** The first section of each identifier counts. */
function sectionsByIdentifier(btf: Btf): Map<string, BtfDatasec> {
  const sections = new Map<string, BtfDatasec>();
  for (const type of btf.types()) {
    if (type.kind !== 'datasec') continue;
    const identifier = sectionIdentifier(type.name);
    if (identifier !== undefined && !sections.has(identifier)) sections.set(identifier, type);
  }
  return sections;
}

/** A variable that a skeleton shows: no static one. */
export interface SkeletonVariable {
  /** Its place in its section, static ones counted. */
  readonly index: number;
  readonly name: string;
  readonly typeId: number;
  /** Bytes. */
  readonly offset: number;
  readonly size: number;
}

const staticLinkage = 0;

/** The variables of a section that are not static, in the order of the section. */
export function shownVariables(btf: Btf, section: BtfDatasec): SkeletonVariable[] {
  return section.vars.flatMap(({ typeId, offset, size }, index) => {
    const variable = btf.mustType(typeId);
    if (variable.kind !== 'var' || variable.linkage === staticLinkage) return [];
    return [{ index, name: variable.name, typeId: variable.typeId, offset, size }];
  });
}

/** A writer of C declarations with the types of the object, which must have BTF. */
export function declarationWriter({ btf, warn }: SkeletonModel): CDeclarationWriter {
  return new CDeclarationWriter(btf!, warn);
}
