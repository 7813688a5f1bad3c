// Brings a kernel's image and modules into the cache, from Debian's packages.
import { existsSync, mkdirSync, readdirSync, renameSync, rmSync } from 'node:fs';
import path from 'node:path';
import { SetupError } from '../lib/setup-error.mjs';
import { PrivateApt, unpack } from '../setup/apt.mjs';

/**
 * The unpacked packages of a kernel; downloads them unless they are there.
 * @returns {{image: string, modules: string | undefined}} paths of the bzImage and of the folder of modules
 */
export function installKernel(kernel, project, say) {
  const folder = path.join(project, '.cache/kernels', kernel.version);
  if (!existsSync(folder)) {
    const apt = new PrivateApt({
      folder: path.join(project, '.cache/apt', [kernel.suites[0], kernel.architecture].filter(Boolean).join('-')),
      suites: kernel.suites,
      architecture: kernel.architecture,
      say,
    });
    const fresh = `${folder}.new`;
    rmSync(fresh, { recursive: true, force: true });
    mkdirSync(fresh, { recursive: true });
    const names = kernel.packages.map((pattern) => newest(apt.names(pattern), pattern));
    for (const file of apt.download(names, path.join(fresh, 'packages'))) unpack(file, fresh);
    rmSync(path.join(fresh, 'packages'), { recursive: true });
    renameSync(fresh, folder);
  }
  const modules = ['usr/lib/modules', 'lib/modules'].map((name) => path.join(folder, name)).find(existsSync);
  const image = [path.join(folder, 'boot'), ...(modules === undefined ? [] : below(modules))]
    .flatMap(below)
    .find((file) => /^vmlinuz/.test(path.basename(file)));
  if (image === undefined) throw new SetupError(`the packages of kernel ${kernel.version} hold no vmlinuz`);
  return { image, modules };
}

function below(folder) {
  return existsSync(folder) ? readdirSync(folder).map((name) => path.join(folder, name)) : [];
}

function newest(names, pattern) {
  if (names.length === 0) throw new SetupError(`the archive has no package like ${pattern.source}`);
  const key = (name) => name.match(/\d+/g).map(Number);
  const compare = (left, right) => {
    const [a, b] = [key(left), key(right)];
    const at = a.findIndex((number, index) => number !== b[index]);
    return at < 0 ? 0 : a[at] - (b[at] ?? 0);
  };
  return names.sort(compare).at(-1);
}
