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

  const names = readdirSync(path.join(project, 'test/fixtures/objects'))
    .filter((name) => name.endsWith('.bpf.o'))
    .map((name) => name.slice(0, -'.bpf.o'.length));

  /** The header that a program writes of an object; undefined where it refuses. */
  function headerBy(program: readonly string[], name: string): string | undefined {
    const [file = '', ...words] = program;
    const object = path.join(project, `test/fixtures/objects/${name}.bpf.o`);
    const options = { encoding: 'latin1', maxBuffer: 1 << 28 } as const;
    const { status, stdout } = spawnSync(file, [...words, 'gen', 'skeleton', object], options);
    return status === 0 ? stdout : undefined;
  }

  /** The first error of clang, undefined if there is none. */
  function problemIn(text: string, words: readonly string[]): string | undefined {
    writeFileSync(path.join(folder, 'one.h'), text, 'latin1');
    const unit = '#include <sys/types.h>\n#include <linux/types.h>\n#include "one.h"\n';
    writeFileSync(path.join(folder, 'one.c'), unit);
    const options = { cwd: folder, encoding: 'utf8' } as const;
    const { status, stderr } = spawnSync('clang', ['-fsyntax-only', '-w', ...words, 'one.c'], options);
    return status === 0 ? undefined : (/error: .*/.exec(stderr)?.[0] ?? stderr);
  }

  for (const [language, words] of [
    ['C', ['-x', 'c', '-std=gnu11']],
    ['C++', ['-x', 'c++', '-std=gnu++17']],
  ] as const) {
    it(`of objects compile as ${language} where the reference's do`, { timeout: 480_000 }, () => {
      const reference = [process.env.BPFTOOL ?? path.join(project, '.cache/reference/bpftool')];
      const outcomes = { compiled: 0, failed: 0, refused: 0 };
      for (const name of names) {
        const ours = headerBy([process.execPath, tool], name);
        const theirs = headerBy(reference, name);
        expect(ours === undefined, `${name} is refused`).toBe(theirs === undefined);
        if (ours === undefined || theirs === undefined) {
          outcomes.refused++;
          continue;
        }
        const problem = problemIn(ours, words);
        // Types from elsewhere, or more than the installed libbpf has: what the reference writes fails the same way.
        if (problem !== undefined || ours !== theirs)
          expect({ name, problem }).toEqual({ name, problem: problemIn(theirs, words) });
        outcomes[problem === undefined ? 'compiled' : 'failed']++;
      }
      expect(outcomes.compiled).toBeGreaterThan(50);
      expect(outcomes.refused).toBeLessThan(5);
    });
  }
});
