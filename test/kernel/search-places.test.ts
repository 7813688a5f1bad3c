// Where a loader looks: for the kernel's types, and for the functions of programs and libraries.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { attachUprobe } from '../../src/loader/index.ts';
import { linkedFile, zipArchive } from '../support/elf/linked.ts';
import { FeatureMissing, orSkip } from '../support/feature.ts';
import { loadFixture } from '../support/live/objects.ts';

const project = process.env.TSBPFTOOL_PROJECT ?? path.resolve(import.meta.dirname, '../..');
const object = (name: string) => path.join(project, `test/fixtures/objects/${name}.bpf.o`);
const typesPath = '/sys/kernel/btf/vmlinux';

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'tsbpftool-places-'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Runs our program where the kernel shows no types and `setup` has put its image somewhere; the pins it left at the end. */
function withoutTypes(setup: string, name: string): { status: number | null; stderr: string; pins: string } {
  const script = `mkdir -p /boot && mount -t bpf bpf /sys/fs/bpf && mount -t tmpfs none /sys/kernel/btf && mount -t tmpfs none /boot || exit 99
${setup}
"$1" "$2" prog loadall "$3" /sys/fs/bpf/tfl_places; status=$?
ls /sys/fs/bpf/tfl_places; exit $status`;
  const cli = path.join(project, 'bin/tsbpftool.js');
  const words = ['-m', 'sh', '-c', script, 'sh', process.execPath, cli, object(name)];
  const { status, stderr, stdout } = spawnSync('unshare', words, { encoding: 'utf8' });
  if (status === 99) throw new FeatureMissing('mounts of its own');
  return { status, stderr, pins: stdout };
}

describe('the kernel’s types', () => {
  const image = (form: object) => {
    const file = path.join(folder, 'vmlinux');
    writeFileSync(file, linkedFile({ ...form, sections: { '.BTF': { type: 1, bytes: readFileSync(typesPath) } } }));
    return file;
  };
  const missing = `libbpf: kernel BTF is missing at '${typesPath}', was CONFIG_DEBUG_INFO_BTF enabled?\n`;

  it.each([
    ['core', { bits: 64 }, 'enumerators\nfields\ntypes\n'],
    ['kernel-types', { bits: 64 }, 'on_switch\nwalk_tasks\n'],
    ['core', { bits: 32 }, 'enumerators\nfields\ntypes\n'],
  ])('for %s are found in an image on the disk: %o', (name, form, pins) => {
    const { status, stderr, pins: made } = withoutTypes(`ln -s ${image(form)} /boot/vmlinux-$(uname -r)`, name);
    expect({ status, stderr, pins: made }).toEqual({ status: 0, stderr: missing, pins });
  });

  it('are not taken from what has none, and nothing is loaded without', () => {
    const { status, stderr } = withoutTypes('echo text > /boot/vmlinux-$(uname -r)', 'kernel-types');
    expect(status).toBe(255);
    expect(stderr).toContain('libbpf: failed to get EHDR from /boot/vmlinux-');
    expect(stderr).toContain('libbpf: failed to find valid kernel BTF\nlibbpf: Error loading vmlinux BTF: -ESRCH\n');
  });
});

describe('a function of a program or library', () => {
  const write = (name: string, bytes: Uint8Array) => {
    const file = path.join(folder, name);
    writeFileSync(file, bytes);
    return file;
  };

  it.each([
    ['of 32 bits', 'prog32', linkedFile({ bits: 32, type: 2, static: [{ name: 'run', value: 0x1010 }] }), '', 'run'],
    [
      'of a version',
      'libversions.so',
      linkedFile({
        versions: ['BASE', 'V_1', 'V_2'],
        dynamic: [
          { name: 'run', value: 0x1010, version: 2 },
          { name: 'run', value: 0x1020, version: 3 },
        ],
      }),
      '',
      'run@@V_2',
    ],
    [
      'stored in an archive',
      'app.apk',
      zipArchive([{ name: 'lib/a.so', bytes: linkedFile({ dynamic: [{ name: 'run', value: 0x1010 }] }) }]),
      '!/lib/a.so',
      'run',
    ],
  ])('%s takes a probe', (_, name, bytes, entry, functionName) => {
    const file = write(name, bytes);
    using fixture = loadFixture('uprobes');
    using link = attachUprobe(fixture.context, fixture.object.programs[0]!, {
      binary: `${file}${entry}`,
      function: functionName,
    });
    expect(link.fd.number).toBeGreaterThan(0);
    expect(fixture.told).toEqual([]);
  });

  it('in a compressed file of an archive is refused', (context) => {
    orSkip(context, () => {
      const library = { name: 'lib/a.so', bytes: linkedFile({ dynamic: [] }), method: 8 };
      const file = write('small.apk', zipArchive([library]));
      using fixture = loadFixture('uprobes');
      const attach = () =>
        attachUprobe(fixture.context, fixture.object.programs[0]!, { binary: `${file}!/lib/a.so`, function: 'run' });
      expect(attach).toThrow(`zip: entry lib/a.so of ${file} is compressed and cannot be handled`);
    });
  });
});
