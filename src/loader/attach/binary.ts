// Source: libbpf.c, resolve_full_path and arch_specific_lib_paths.
import { Errno } from '../../errors/index.ts';
import { accessSync, constants } from 'node:fs';
import { arch, env } from 'node:process';
import { errorText, failure } from '../../object/index.ts';
import type { AttachableProgram, AttachContext } from './link.ts';

/** Directories of Debian's multiarch, by Node's names of processors. */
const triplets: Readonly<Record<string, string>> = {
  x64: 'x86_64-linux-gnu',
  arm64: 'aarch64-linux-gnu',
  riscv64: 'riscv64-linux-gnu',
  s390x: 's390x-linux-gnu',
  ppc64: 'powerpc64le-linux-gnu',
};

/** The file a section's target means: a path as it is, a bare name looked for as the linker or the shell would. */
export function resolveBinary(context: AttachContext, program: AttachableProgram, name: string): string {
  if (name.includes('/')) return name;
  // Versions follow the ending, as in libc.so.6.
  const isLibrary = name.endsWith('.so') || name.includes('.so.');
  const triplet = triplets[arch];
  const places = isLibrary
    ? [env.LD_LIBRARY_PATH, '/usr/lib64:/usr/lib', triplet && `/lib/${triplet}`]
    : [env.PATH, '/usr/bin:/usr/sbin'];
  for (const directory of places.flatMap((place) => place?.split(':') ?? [])) {
    if (directory === '') continue;
    const path = `${directory}/${name}`;
    try {
      accessSync(path, isLibrary ? constants.R_OK : constants.R_OK | constants.X_OK);
      context.log?.('debug', `resolved '${name}' to '${path}'`);
      return path;
    } catch {}
  }
  const text = `prog '${program.name}': failed to resolve full path for '${name}': ${errorText(2)}`;
  throw failure(context.log, Errno.ENOENT, text);
}
