import type { CodeText } from './code-text.ts';
import { isStructOps, type SkeletonModel } from './model.ts';

/** Bytes of `struct bpf_map_skeleton` of libbpf: before links of maps were added to it, and since. */
const mapSize = { withoutLink: 24, withLink: 32 } as const;

export interface TableOptions {
  /** Links are the skeleton's: not so with subskeletons. */
  readonly withLinks: boolean;
  /** So are the mapped contents of maps. */
  readonly withContents: boolean;
}

/** Writes the member `maps`, with a pointer of this type for each map; nothing without maps. */
export function writeMapMembers(out: CodeText, { maps }: SkeletonModel, type: string): void {
  if (maps.length === 0) return;
  out.put('\tstruct {\n');
  for (const { identifier } of maps) out.put(`\t\tstruct ${type}${identifier};\n`);
  out.put('\t} maps;\n');
}

/** Writes the member `progs`, with a pointer of this type for each program; nothing without programs. */
export function writeProgramMembers(out: CodeText, { programs }: SkeletonModel, type: string): void {
  if (programs.length === 0) return;
  out.put('\tstruct {\n');
  for (const { name } of programs) out.put(`\t\tstruct ${type}${name};\n`);
  out.put('\t} progs;\n');
}

/** Links of programs and struct_ops maps; `declare` gives the member for one. */
export function writeLinkMembers(out: CodeText, model: SkeletonModel, declare: (name: string) => string): void {
  const names = [
    ...model.programs.map(({ name }) => name),
    ...model.maps.filter(isStructOps).map(({ identifier }) => identifier),
  ];
  if (names.length === 0) return;
  out.put('\tstruct {\n');
  for (const name of names) out.put(`\t\t${declare(name)};\n`);
  out.put('\t} links;\n');
}

/** Code that describes the maps to libbpf. */
export function writeMapTable(out: CodeText, { maps }: SkeletonModel, options: TableOptions): void {
  if (maps.length === 0) return;
  const size = options.withLinks && maps.some(isStructOps) ? mapSize.withLink : mapSize.withoutLink;
  out.put(`
	/* maps */
	s->map_cnt = ${maps.length};
	s->map_skel_sz = ${size};
	s->maps = (struct bpf_map_skeleton *)calloc(s->map_cnt,
			sizeof(*s->maps) > ${size} ? sizeof(*s->maps) : ${size});
	if (!s->maps) {
		err = -ENOMEM;
		goto err;
	}
`);
  for (const [index, map] of maps.entries()) {
    out.put(`
	map = (struct bpf_map_skeleton *)((char *)s->maps + ${index} * s->map_skel_sz);
	map->name = "${map.spec.name}";
	map->map = &obj->maps.${map.identifier};
`);
    if (options.withContents && map.contents !== undefined)
      out.put(`\tmap->mmaped = (void **)&obj->${map.contents};\n`);
    if (options.withLinks && isStructOps(map)) out.put(`\tmap->link = &obj->links.${map.identifier};\n`);
  }
}

/** Code that describes the programs to libbpf. */
export function writeProgramTable(out: CodeText, { programs }: SkeletonModel, { withLinks }: TableOptions): void {
  if (programs.length === 0) return;
  out.put(`
	/* programs */
	s->prog_cnt = ${programs.length};
	s->prog_skel_sz = sizeof(*s->progs);
	s->progs = (struct bpf_prog_skeleton *)calloc(s->prog_cnt, s->prog_skel_sz);
	if (!s->progs) {
		err = -ENOMEM;
		goto err;
	}
`);
  for (const [index, { name }] of programs.entries()) {
    out.put(`
	s->progs[${index}].name = "${name}";
	s->progs[${index}].prog = &obj->progs.${name};
`);
    if (withLinks) out.put(`\ts->progs[${index}].link = &obj->links.${name};\n`);
  }
}
