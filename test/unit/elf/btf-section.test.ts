import { describe, expect, it } from 'vitest';
import { sourceOf } from '../../../src/bytes/index.ts';
import { btfOf, LinkedFile } from '../../../src/elf/index.ts';
import { linkedFile } from '../../support/elf/linked.ts';

const raw = Uint8Array.from([0x9f, 0xeb, 1, 0, 24, 0, 0, 0]);
const withBtf = (form: object, sections = { '.BTF': { type: 1, bytes: raw } }) => linkedFile({ ...form, sections });
const read = (bytes: Uint8Array) => btfOf(sourceOf(bytes), '/vmlinux');

/** A file of whose second section the name stands beyond the names. */
function nameless(): Uint8Array {
  const bytes = Uint8Array.from(withBtf({}));
  const view = new DataView(bytes.buffer);
  view.setUint32(Number(view.getBigUint64(40, true)) + 2 * 64, 1 << 30, true);
  return bytes;
}

describe('the types of a file', () => {
  it.each([
    ['raw', raw],
    ['raw, of another byte order', Uint8Array.from([0xeb, 0x9f, 1, 0])],
  ])('are all of it: %s', (_, bytes) => {
    expect(read(bytes)).toEqual({ bytes });
  });

  it.each([{ bits: 64 }, { bits: 32 }, { bits: 64, littleEndian: false }, { bits: 32, littleEndian: false }])(
    'are a section: %o',
    (form) => {
      expect(read(withBtf(form))).toEqual({ bytes: raw, pointerSize: form.bits === 32 ? 4 : 8 });
    },
  );

  it('are all that is read of a large file, with its headers', () => {
    const bytes = withBtf({ text: { address: 0, size: 1 << 20 } });
    let total = 0;
    const source = sourceOf(bytes);
    const counted = {
      size: source.size,
      read: (offset: number, length: number) => {
        total += length;
        return source.read(offset, length);
      },
    };
    expect(btfOf(counted, '/vmlinux')).toEqual({ bytes: raw, pointerSize: 8 });
    expect(total).toBeLessThan(4096);
  });

  it.each([
    ['nothing', new Uint8Array(1), { errno: 5, words: '' }],
    ['text', Buffer.from('text'), { errno: 4001, words: 'failed to get EHDR from /vmlinux' }],
    ['no such section', linkedFile({}), { errno: 61, words: "failed to find '.BTF' ELF section in /vmlinux" }],
    [
      'a section without contents',
      withBtf({}, { '.BTF': { type: 8, bytes: raw } }),
      { errno: 4001, words: 'unexpected section type (8) of section(2, .BTF) from /vmlinux' },
    ],
    ['a name beyond the names', nameless(), { errno: 4001, words: 'failed to get section(2) name from /vmlinux' }],
    ['cut off', withBtf({}).subarray(0, 300), { errno: 4001, words: 'failed to get e_shstrndx from /vmlinux' }],
  ])('are not there: %s', (_, bytes, expected) => {
    expect(read(bytes)).toEqual(expected);
  });
});

describe('a linked file', () => {
  it('names its sections', () => {
    const file = new LinkedFile(sourceOf(withBtf({ bits: 32 })));
    expect(file.sectionNames().map(([name]) => name)).toEqual(['.text', '.BTF', '.shstrtab']);
    expect(file.named('.text')).toMatchObject({ address: 0x1000, offset: 52, size: 0x100 });
    expect(file.named('.none')).toBeUndefined();
  });

  it('has names longer than are read at once', () => {
    const name = `.${'x'.repeat(1000)}`;
    expect(
      new LinkedFile(sourceOf(linkedFile({ sections: { [name]: { type: 1, bytes: raw } } }))).named(name),
    ).toBeDefined();
  });
});
