// What the standalone file holds of other packages.
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { project } from '../lib/project.mjs';
import { SetupError } from '../lib/setup-error.mjs';

/** Packages that the sources import, other than that of foreign functions. */
const imported = ['ajv', 'yargs', 'cli-table3'];

/**
 * Folders, from the project's, of the packages whose code is compiled into the file: those and what they depend on.
 * @returns {string[]}
 */
export function bundledFolders() {
  const found = new Set();
  /** @param {string} name @param {string} from the folder of the package that depends on it */
  const visit = (name, from) => {
    const folder = nearest(name, from);
    if (found.has(folder)) return;
    found.add(folder);
    const { dependencies = {}, optionalDependencies = {} } = manifestOf(folder);
    for (const needed of Object.keys({ ...dependencies, ...optionalDependencies })) visit(needed, folder);
  };
  for (const name of imported) visit(name, '');
  return [...found].sort();
}

/** The folder in which Node would find a package that one in `from` imports. */
function nearest(name, from) {
  for (let at = from; ; at = at.slice(0, Math.max(at.lastIndexOf('node_modules/'), 0)).replace(/\/$/, '')) {
    const folder = path.join(at, 'node_modules', name);
    if (existsSync(path.join(project, folder))) return folder;
    if (at === '') throw new SetupError(`${name} is not installed: run npm ci`);
  }
}

/** @param {string} folder as `bundledFolders` answers it @returns {Record<string, any>} its package.json */
export function manifestOf(folder) {
  return JSON.parse(readFileSync(path.join(project, folder, 'package.json'), 'utf8'));
}
