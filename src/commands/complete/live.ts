import type { Candidate, Context, ValuePlace } from '../../cli/index.ts';
import { cgroupRoot } from '../../host/index.ts';
import { parseObject } from '../../object/index.ts';
import {
  BpfLink,
  BpfMap,
  BpfProgram,
  BtfObject,
  type Kernel,
  networkDevices,
  objectIds,
  openFdById,
  pinnedPaths,
  RouteNetlink,
} from '../../kernel/index.ts';
import { BPF_F_RDONLY, linkTypeName, mapTypeName, progTypeName } from '../../uapi/index.ts';
import { kernelOf } from '../shared/kernel.ts';
import { printable } from '../shared/refs.ts';
import { typeNames } from './type-names.ts';

/** What completion offers for a value. */
export interface LiveCandidates {
  readonly words: readonly Candidate[];
  /** A path of any kind fits too, or that of a directory only. */
  readonly paths?: 'files' | 'directories';
}

/** Where a value is being typed. */
export interface LivePlace {
  /** The words of the command, object and verb first. */
  readonly words: readonly string[];
  readonly current: string;
  /** The types of maps that the verb works on. */
  readonly mapTypes: readonly string[] | undefined;
}

type Kind = 'prog' | 'map' | 'link' | 'btf';
type Source = (ctx: Context, place: LivePlace) => LiveCandidates;

const deviceWords = ['dev', 'offload_dev', 'xdpmeta_dev'];

/** Values by the name they have in usage texts. */
const sources: Readonly<Record<string, Source>> = {
  MAP_ID: (ctx, place) => ({ words: maps(kernelOf(ctx), place.mapTypes).map(byId) }),
  MAP_NAME: (ctx, place) => ({ words: maps(kernelOf(ctx), place.mapTypes).flatMap(byName) }),
  STRUCT_OPS_MAP_ID: (ctx) => ({ words: maps(kernelOf(ctx), ['struct_ops']).map(byId) }),
  STRUCT_OPS_MAP_NAME: (ctx) => ({ words: maps(kernelOf(ctx), ['struct_ops']).flatMap(byName) }),
  PROG_ID: (ctx) => ({ words: programs(kernelOf(ctx)).map(byId) }),
  PROG_NAME: (ctx) => ({ words: programs(kernelOf(ctx)).flatMap(byName) }),
  PROG_TAG: (ctx) => ({
    words: programs(kernelOf(ctx)).map(({ tag, name, id }) => ({ word: tag, about: `${name} id ${id}` })),
  }),
  LINK_ID: (ctx) => ({ words: links(kernelOf(ctx)) }),
  BTF_ID: (ctx) => ({ words: btfObjects(kernelOf(ctx)) }),
  CGROUP: (ctx) => ({ words: controlGroups(kernelOf(ctx)), paths: 'directories' }),
  CGROUP_ROOT: (ctx) => ({ words: controlGroups(kernelOf(ctx)), paths: 'directories' }),
  TYPE_NAME: (ctx, place) => ({ words: typeNames(kernelOf(ctx), place.words.slice(2), place.current) }),
  OBJECT_MAP: (ctx, { words }) => ({ words: mapsOfFile(kernelOf(ctx), words[2]!).map(({ name }) => ({ word: name })) }),
  OBJECT_MAP_INDEX: (ctx, { words }) => ({
    words: mapsOfFile(kernelOf(ctx), words[2]!).map(({ name }, i) => ({ word: String(i), about: name })),
  }),
};

const directories = /DIR$/;
const files = /FILE$|^(?:OBJ|PATH|INPUT|OUTPUT|OBJECT|BEFORE|AFTER|CERT|KEY)$/;

/** What can stand for a value; nothing where the system does not tell, or nobody can know. */
export function liveCandidates(ctx: Context, value: ValuePlace, place: LivePlace): LiveCandidates {
  try {
    if (value.name === 'FILE' && value.after.includes('pinned')) return pinned(ctx, value.within);
    if (value.after.some((word) => deviceWords.includes(word))) return { words: devices(kernelOf(ctx)) };
    if (directories.test(value.name)) return { words: [], paths: 'directories' };
    const source = sources[value.name];
    if (source !== undefined) return source(ctx, place);
  } catch {
    // Not permitted, or an object went away: completion offers what it can.
  }
  return files.test(value.name) ? { words: [], paths: 'files' } : { words: [] };
}

function pinned(ctx: Context, within: string): LiveCandidates {
  const kind = within === 'PROG' ? 'prog' : within === 'LINK' ? 'link' : 'map';
  const words = [...pinnedPaths(kernelOf(ctx), kind)].flatMap(([id, paths]) =>
    paths.map((path) => ({ word: path, about: `${kind} id ${id}` })),
  );
  return { words, paths: 'files' };
}

interface Named {
  readonly id: number;
  readonly type: string;
  readonly name: string;
}

const byId = ({ id, type, name }: Named): Candidate => ({ word: String(id), about: `${type} ${name}`.trimEnd() });
const byName = ({ id, type, name }: Named): Candidate[] =>
  name === '' ? [] : [{ word: name, about: `${type} id ${id}` }];

function maps(kernel: Kernel, types: readonly string[] | undefined): Named[] {
  return each(kernel, 'map', (id) => {
    using map = new BpfMap(kernel, checked(openFdById(kernel, 'map', id, BPF_F_RDONLY)));
    const info = map.info();
    return { id, type: mapTypeName(info.type) ?? `type ${info.type}`, name: info.name };
  }).filter(({ type }) => types === undefined || types.includes(type));
}

function programs(kernel: Kernel): (Named & { tag: string })[] {
  return each(kernel, 'prog', (id) => {
    using program = BpfProgram.openById(kernel, id);
    const info = program.info();
    const type = progTypeName(info.type) ?? `type ${info.type}`;
    return { id, type, name: program.fullName(info), tag: Buffer.from(info.tag).toString('hex') };
  });
}

function links(kernel: Kernel): Candidate[] {
  return each(kernel, 'link', (id) => {
    using link = BpfLink.openById(kernel, id);
    const info = link.info();
    return { word: String(id), about: `${linkTypeName(info.type) ?? `type ${info.type}`} prog ${info.programId}` };
  });
}

function btfObjects(kernel: Kernel): Candidate[] {
  return each(kernel, 'btf', (id) => {
    using object = BtfObject.openById(kernel, id);
    return { word: String(id), about: object.info().name };
  });
}

/** What `open` tells of each object; those that went away meanwhile are left out. */
function each<T>(kernel: Kernel, kind: Kind, open: (id: number) => T): T[] {
  return [...objectIds(kernel, kind)].flatMap((id) => {
    try {
      return [open(id)];
    } catch {
      return [];
    }
  });
}

function checked(fd: number): number {
  if (fd < 0) throw new Error('not to be had');
  return fd;
}

function devices(kernel: Kernel): Candidate[] {
  using netlink = new RouteNetlink(kernel);
  return networkDevices(netlink).map(({ name }) => ({ word: name }));
}

/** The root of control groups and those directly below it; shells go on from there. */
function controlGroups(kernel: Kernel): Candidate[] {
  const root = cgroupRoot(kernel);
  if (root === undefined) return [];
  const below = kernel.readDirectory(root).filter((name) => kernel.status(`${root}/${name}`).kind === 'directory');
  return [root, ...below.map((name) => `${root}/${name}`)].map((word) => ({ word, about: 'control group' }));
}

function mapsOfFile(kernel: Kernel, path: string) {
  return parseObject(kernel.readFile(path), { path }).maps;
}

/** The type of the map that two words name; undefined where there is none, or several differ. */
export function typeOfMap(kernel: Kernel, [how, which]: readonly [string, string]): string | undefined {
  const all = maps(kernel, undefined);
  const meant = 'id'.startsWith(how)
    ? all.filter(({ id }) => id === Number(which))
    : 'name'.startsWith(how)
      ? all.filter(({ name }) => name === which)
      : 'pinned'.startsWith(how)
        ? all.filter(({ id }) => pinnedPaths(kernel, 'map').get(id)?.includes(which))
        : [];
  const types = new Set(meant.map(({ type }) => type));
  return types.size === 1 ? [...types][0] : undefined;
}

/** Whether a shell can be given this word: nothing in it that steers a terminal or ends a line. */
export const isOfferable = (word: string) => word !== '' && word === printable(word);
