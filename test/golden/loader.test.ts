// Loader programs as bpftool 7.8.0 makes them (scripts/golden-loaders.mjs), and ours of the same objects.
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { generateLoader, type LoaderOptions } from '../../src/codegen/index.ts';
import { readSigner, signLoader } from '../../src/loader/index.ts';
import { ObjectError, parseObject } from '../../src/object/index.ts';

interface Recorded {
  object: string;
  signed: boolean;
  data: string;
  instructions: string;
  signature?: string;
  programHash?: string;
}

const project = path.resolve(import.meta.dirname, '../..');
const read = (file: string) => readFileSync(path.join(project, file));
const recorded: Recorded[] = JSON.parse(read('test/golden/loader/programs.json').toString());
const base64 = (bytes: Uint8Array) => Buffer.from(bytes).toString('base64');
const signer = () => readSigner(read('test/fixtures/signing/key.pem'), read('test/fixtures/signing/certificate.pem'));

function parse(object: string) {
  const name = path.basename(object, '.o').replace(/\W/g, '_');
  return parseObject(read(object), { path: object, name });
}

function generate(object: string, options: Partial<LoaderOptions> = {}) {
  const log: string[] = [];
  const made = () =>
    generateLoader(parse(object), { possibleCpus: 2, log: (_, text) => void log.push(text), ...options });
  return { log, made };
}

const fixture = (name: string) => `test/fixtures/objects/${name}.bpf.o`;

describe('a loader program', () => {
  for (const { object, signed, ...expected } of recorded) {
    it(`of ${path.basename(object)}${signed ? ', signed,' : ''} is the reference’s, byte for byte`, () => {
      const loader = generate(object, { signed }).made();
      expect(base64(loader.data)).toBe(expected.data);
      expect(base64(loader.instructions)).toBe(expected.instructions);
      if (!signed) return;
      const signature = signLoader(loader, signer());
      expect(base64(signature.bytes)).toBe(expected.signature);
      expect(base64(signature.programHash)).toBe(expected.programHash);
    });
  }

  it('lists maps and programs in the order of their descriptors', () => {
    const { maps, programs } = generate(fixture('globals')).made();
    expect(maps.map(({ name }) => name)).toEqual(parse(fixture('globals')).maps.map(({ name }) => name));
    expect(programs.map(({ name }) => name)).toEqual(['use_all']);
  });

  it('holds contents that are given instead of the object’s', () => {
    const spec = parse(fixture('globals'));
    const index = spec.maps.findIndex(({ origin }) => origin === 'data');
    const contents = new Uint8Array(spec.maps[index]!.valueSize).fill(0xa5);
    const { data } = generate(fixture('globals'), { contents: new Map([[index, contents]]) }).made();
    expect(Buffer.from(data).includes(Buffer.from(contents))).toBe(true);
  });

  it('looks the same whatever the number of processors, but for arrays of their size', () => {
    const one = generate(fixture('globals'), { possibleCpus: 1 }).made();
    expect(base64(one.data)).toBe(base64(generate(fixture('globals'), { possibleCpus: 64 }).made().data));
    const maps = (possibleCpus: number) => base64(generate(fixture('maps'), { possibleCpus }).made().data);
    expect(maps(1)).not.toBe(maps(64));
  });

  it('asks for delegated rights in every call that can have them', () => {
    const plain = generate(fixture('globals')).made();
    const asking = generate(fixture('globals'), { asksForToken: true }).made();
    expect(base64(asking.instructions)).toBe(base64(plain.instructions));
    const changes = [...asking.data.keys()].filter((at) => asking.data[at] !== plain.data[at]);
    expect(changes).toHaveLength(plain.maps.length + plain.programs.length);
    // Bit 16 of 32-bit flags.
    expect(changes.map((at) => [at % 4, asking.data[at]! ^ plain.data[at]!])).toEqual(changes.map(() => [2, 1]));
  });
});

describe('objects that no loader program can load', () => {
  const refused: [string, number, string[]][] = [
    ['struct-ops', 95, ["map 'tsbpftool_cc': a loader program cannot create struct_ops"]],
    ['arena', 95, ["map 'arena': a loader program cannot fill an arena", "map 'arena': failed to create: -EOPNOTSUPP"]],
    ['map-in-map', 95, [`failed to load object '${fixture('map-in-map')}'`]],
    [
      'struct-ops-optional',
      14,
      ['nr_progs 2/1 nr_maps 1/0 mismatch', `failed to load object '${fixture('struct-ops-optional')}'`],
    ],
    [
      'pinned-map',
      22,
      [
        "map 'pinned_map': failed to auto-pin at '/sys/fs/bpf/pinned_map': -EINVAL",
        "map 'pinned_map': failed to create: -EINVAL",
      ],
    ],
  ];
  for (const [name, errno, lines] of refused) {
    it(`${name}: says why`, () => {
      const { log, made } = generate(fixture(name));
      expect(made).toThrow(expect.objectContaining({ errno }));
      expect(made).toThrow(ObjectError);
      expect(log.slice(0, lines.length)).toEqual(lines);
    });
  }
});

describe('a signer', () => {
  const key = read('test/fixtures/signing/key.pem');
  const certificate = read('test/fixtures/signing/certificate.pem');

  it('takes the certificate in both encodings', () => {
    const body = certificate.toString().replace(/-----.*-----|\s/g, '');
    const { keyId } = readSigner(key, Buffer.from(body, 'base64'));
    expect(keyId).toHaveLength(20);
    expect(keyId).toEqual(signer().keyId);
  });

  it('is refused where a file is no key, no certificate, or cut off', () => {
    const einval = expect.objectContaining({ errno: 22 });
    expect(() => readSigner(certificate, certificate)).toThrow(einval);
    expect(() => readSigner(key, key)).toThrow(einval);
    expect(() => readSigner(key, certificate.subarray(0, 400))).toThrow(einval);
    expect(() => readSigner(new Uint8Array(0), new Uint8Array(0))).toThrow(einval);
  });
});
