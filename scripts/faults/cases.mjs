// The commands whose calls are made to fail.
import { readFileSync } from 'node:fs';
import path from 'node:path';

const objects = [
  ['map-in-map', 'maps of maps, a program array with contents'],
  ['globals', 'global data'],
  ['core', 'CO-RE relocations'],
  ['many-core', 'CO-RE relocations that the kernel applies'],
  ['subprograms', 'functions, callbacks'],
  ['externs', 'kernel configuration and symbols'],
  ['kfuncs', 'calls of kernel functions'],
  ['struct-ops', 'struct_ops'],
  ['set-variables', 'BTF of variables'],
  ['exceptions', 'an exception callback'],
  ['arena', 'an arena'],
  ['maps', 'every kind of map'],
];

/** @returns {{ name: string, object: string, argv: (pins: string) => string[] }[]} */
export function cases(project) {
  const object = (name) => path.join(project, `test/fixtures/objects/${name}.bpf.o`);
  return [
    ...objects.map(([name]) => ({
      name,
      object: object(name),
      argv: (pins) => ['prog', 'loadall', object(name), `${pins}/programs`, 'pinmaps', `${pins}/maps`],
    })),
    {
      name: 'load',
      object: object('globals'),
      argv: (pins) => ['prog', 'load', object('globals'), `${pins}/program`, 'pinmaps', `${pins}/maps`],
    },
    ...['globals', 'kfuncs', 'core'].map((name) => ({
      name: `use-loader-${name}`,
      object: object(name),
      argv: () => ['-L', 'prog', 'load', object(name)],
    })),
    {
      name: 'autoattach',
      object: object('autoattach'),
      argv: (pins) => ['prog', 'loadall', object('autoattach'), `${pins}/links`, 'autoattach'],
    },
    {
      name: 'autoattach-one',
      object: object('autoattach'),
      argv: (pins) => ['prog', 'load', object('autoattach'), `${pins}/link`, 'autoattach'],
    },
    {
      name: 'register',
      object: object('struct-ops'),
      argv: (pins) => ['struct_ops', 'register', object('struct-ops'), `${pins}/structs`],
    },
    {
      name: 'autoattach-usdt',
      object: object('static-probes'),
      argv: (pins) => ['prog', 'loadall', object('static-probes'), `${pins}/links`, 'autoattach'],
    },
    {
      name: 'autoattach-many-places',
      object: object('user-multi-probes'),
      argv: (pins) => ['prog', 'loadall', object('user-multi-probes'), `${pins}/links`, 'autoattach'],
    },
  ];
}

/** Names that the kernel gives the object's programs and maps: cut to 15 characters. */
export async function namesOf(project, file) {
  const { parseObject } = await import(path.join(project, 'dist/lib/index.js'));
  const spec = parseObject(readFileSync(file), { path: file });
  const all = [...spec.programs, ...spec.maps].map(({ name }) => name.replaceAll('.', '_'));
  return new Set([...all, ...spec.maps.map(({ name }) => name)].map((name) => name.slice(0, 15)));
}
