import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { describeObject, generateSkeleton } from '../../../src/index.ts';
import { parseObject } from '../../../src/object/index.ts';
import { messagesOn } from '../../support/skeleton/compile.ts';

const project = path.resolve(import.meta.dirname, '../../..');
const objects = ['test/fixtures/objects', 'examples', 'test/golden/loader'].flatMap((folder) =>
  readdirSync(path.join(project, folder))
    // One object is none for libbpf either.
    .filter((name) => name.endsWith('.o') && name !== 'attributes.bpf.o')
    .map((name) => path.join(folder, name)),
);
const read = (file: string) => readFileSync(path.join(project, file));
const moduleOf = (file: string, more: { events?: Record<string, string>; external?: string; name?: string } = {}) =>
  generateSkeleton(read(file), { language: 'ts', path: file, ...more });
const hello = 'examples/hello-buffer-config.bpf.o';

describe('TypeScript skeletons', () => {
  for (const resolution of ['nodenext', 'bundler'] as const) {
    it(`of all objects compile in the strictest settings, ${resolution}`, { timeout: 240_000 }, () => {
      const modules = new Map(objects.map((file) => [path.basename(file, '.bpf.o').concat('.ts'), moduleOf(file)]));
      modules.set('external.ts', moduleOf(hello, { external: 'hello.bpf.o', events: { output: 'event_t' } }));
      expect(modules.size).toBeGreaterThan(60);
      // A mistake must be found, or nothing is checked.
      modules.set(
        'wrong.ts',
        "import { HelloBufferConfig } from './external.ts';\nexport const key: string = HelloBufferConfig.open().maps.config.get(1)!.message.length;\n",
      );
      expect(messagesOn(modules, resolution)).toMatch(/^src\/wrong\.ts\(2,14\): error TS2322: [^\n]*$/);
    });
  }

  it('refuse what does not fit at compile time', { timeout: 240_000 }, () => {
    const use = `import { HelloBufferConfig as Hello } from './hello.ts';
using hello = Hello.open();
hello.variables.greeting.value = 'Hi';
hello.variables.greeting.value = 7;
hello.load().attach();
hello.maps.config.set(1, { message: 'Hi' });
hello.maps.config.set('1', { message: 'Hi' });
hello.maps.config.set(1, { mesage: 'Hi' });
for await (const event of hello.maps.output) console.log(event.pid.toFixed(), event.comand);
hello.programs.hello.attach({ ifindex: 1 });
hello.maps.conf;
`;
    const modules = new Map([
      ['hello.ts', moduleOf(hello, { events: { output: 'event_t' } })],
      ['use.ts', use],
    ]);
    const places = [...messagesOn(modules, 'nodenext').matchAll(/^src\/use\.ts\((\d+),/gm)].map(([, line]) =>
      Number(line),
    );
    expect(places).toEqual([4, 7, 8, 9, 10, 11]);
  });

  it('have the name that is given, made an identifier', () => {
    for (const [name, expected] of [
      ['my_tool', 'MyTool'],
      ['class', 'Class'],
      ['7th', 'Bpf7th'],
      ['a-b', 'AB'],
      ['größe', 'GrE'],
      ['*/', 'Bpf'],
    ] as const) {
      expect(moduleOf(hello, { name })).toContain(`export class ${expected} extends tsbpftool.ObjectSkeleton<`);
    }
  });

  it('refuse events that are none', () => {
    expect(() => moduleOf(hello, { events: { config: 'event_t' } })).toThrow(
      "'config' is no ring or perf buffer of the object: it has output",
    );
    expect(() => moduleOf(hello, { events: { output: 'evnt_t' } })).toThrow("the object has no type 'evnt_t'");
  });
});

describe('an example with a generated skeleton', () => {
  it('compiles', { timeout: 240_000 }, () => {
    const text = (file: string) => read(`examples/${file}`).toString();
    const modules = new Map([
      ['hello-buffer-config.ts', text('generated/hello-buffer-config.ts')],
      ['greet.ts', text('greet.ts').replace('./generated/', './')],
    ]);
    expect(messagesOn(modules, 'nodenext')).toBe('');
  });
});

describe('the description of an object', () => {
  it('says how each program is attached', () => {
    const attach = (name: string) =>
      Object.fromEntries(
        describeObject(
          parseObject(read(`test/fixtures/objects/${name}.bpf.o`), { path: `${name}.bpf.o` }),
        ).programs.map((program) => [program.section, program.attach]),
      );
    expect(attach('tcx')).toMatchObject({ 'tcx/ingress': 'tcx' });
    expect(attach('run-xdp')).toMatchObject({ xdp: 'xdp' });
    expect(attach('no-autoattach')).toMatchObject({ raw_tp: 'rawTracepoint', socket: 'socket' });
  });

  it('holds its types without those that pointers lead to', () => {
    const { maps, types, variables } = describeObject(parseObject(read(hello), { path: hello }));
    const ids = new Set(types.map(({ id }) => id));
    for (const { keyType, valueType } of maps) for (const id of [keyType, valueType]) if (id) expect(ids).toContain(id);
    for (const { type } of variables) expect(ids).toContain(type);
  });
});
