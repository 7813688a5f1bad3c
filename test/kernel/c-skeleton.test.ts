// C that `gen skeleton` writes: what compilers say of it, and a program that is built with it. Needs clang and libbpf's
// headers and library.
import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

const project = path.resolve(import.meta.dirname, '../..');
const tool = path.join(project, 'bin/tsbpftool.js');
const isMissing = spawnSync('clang', ['--version']).status !== 0 || !existsSync('/usr/include/bpf/skel_internal.h');

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(path.join(os.tmpdir(), 'tsk_c-'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function header(object: string, target: string, ...options: string[]): void {
  const words = [tool, ...options, 'gen', 'skeleton', path.join(project, object)];
  writeFileSync(path.join(folder, target), execFileSync(process.execPath, words, { maxBuffer: 1 << 28 }));
}

const main = `#include <stdio.h>
#include <string.h>
#include "hello.skel.h"

int main(void)
{
	struct hello_buffer_config_bpf *skel = hello_buffer_config_bpf__open();
	if (!skel)
		return 1;
	memcpy((char *)skel->rodata->greeting, "Hi", 3);
	if (hello_buffer_config_bpf__load(skel))
		return 2;
	if (hello_buffer_config_bpf__attach(skel))
		return 3;
	printf("%s %d\\n", skel->rodata->greeting, bpf_map__fd(skel->maps.config) > 0);
	hello_buffer_config_bpf__destroy(skel);
	return 0;
}
`;

describe.skipIf(isMissing)('C skeletons', () => {
  it('make a program that runs', () => {
    header('examples/hello-buffer-config.bpf.o', 'hello.skel.h');
    writeFileSync(path.join(folder, 'main.c'), main);
    const built = spawnSync('clang', ['-o', 'main', 'main.c', '-lbpf'], { cwd: folder, encoding: 'utf8' });
    expect(built.stderr).toBe('');
    const { stdout, status } = spawnSync(path.join(folder, 'main'), { encoding: 'utf8' });
    expect({ stdout, status }).toEqual({ stdout: 'Hi 1\n', status: 0 });
  });

  // Objects whose C needs a newer libbpf than distributions have, types from elsewhere, or is none for libbpf either.
  const left = ['attributes', 'struct-ops', 'struct-ops-map', 'struct-ops-optional', 'btf-needed', 'btf-foreign-names'];
  const names = readdirSync(path.join(project, 'test/fixtures/objects'))
    .filter((name) => name.endsWith('.bpf.o'))
    .map((name) => name.slice(0, -'.bpf.o'.length))
    .filter((name) => !left.includes(name));

  for (const [language, words] of [
    ['C', ['-x', 'c', '-std=gnu11']],
    ['C++', ['-x', 'c++', '-std=gnu++17']],
  ] as const) {
    it(`of objects compile as ${language}`, { timeout: 240_000 }, () => {
      const failed: string[] = [];
      for (const name of names) {
        header(`test/fixtures/objects/${name}.bpf.o`, `${name}.h`);
        writeFileSync(
          path.join(folder, 'all.c'),
          `#include <sys/types.h>\n#include <linux/types.h>\n#include "${name}.h"\n`,
        );
        const { status, stderr } = spawnSync('clang', ['-fsyntax-only', '-w', ...words, 'all.c'], {
          cwd: folder,
          encoding: 'utf8',
        });
        if (status !== 0) failed.push(`${name}: ${/error: .*/.exec(stderr)?.[0]}`);
      }
      expect(names.length).toBeGreaterThan(50);
      // A struct or union of the object that no header has; the reference's C is the same.
      expect(
        failed.filter(
          (text) => !/incomplete|does not name a type|unknown type|forward (declaration|references)/.test(text),
        ),
      ).toEqual([]);
      expect(failed.length).toBeLessThan(names.length / 3);
    });
  }
});
