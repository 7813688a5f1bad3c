// Real BPF objects: those in the programs of Debian packages, carved out into .cache/corpus. Nothing of it is committed.
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { objectsBelow } from '../corpus/carve.mjs';
import { packageGroups } from '../corpus/packages.mjs';
import { SetupError } from '../lib/setup-error.mjs';
import { PrivateApt, unpack } from './apt.mjs';

/** Fewer would say that carving or the archive has changed. */
const fewest = 100;

/**
 * The objects of the corpus; downloads the packages unless that was done. Objects of equal bytes are there once.
 * @param {string} project
 * @param {(line: string) => void} say
 * @returns {{file: string, package: string, suite: string, version: string}[]} in the order of the files' names
 */
export function setupCorpus(project, say = () => {}) {
  const folder = path.join(project, '.cache/corpus');
  const index = path.join(folder, 'objects.json');
  if (!existsSync(index)) collect(project, folder, say);
  const objects = JSON.parse(readFileSync(index, 'utf8'));
  return objects.map((object) => ({ ...object, file: path.join(folder, object.file) }));
}

function collect(project, folder, say) {
  const fresh = path.join(folder, 'objects.new');
  rmSync(fresh, { recursive: true, force: true });
  const seen = new Set();
  const objects = [];
  for (const { from, suites, packages } of packageGroups) {
    const apt = new PrivateApt({ folder: path.join(project, '.cache/apt', `corpus-${suites[0]}`), suites, say });
    const offered = apt.names(/./);
    for (const pattern of packages) {
      const name = offered.filter((candidate) => pattern.test(candidate)).at(-1);
      if (name === undefined) {
        say(`${from} has no package like ${pattern.source}`);
        continue;
      }
      const found = carve(apt, `${name}/${from}`, path.join(folder, 'unpacked'));
      for (const { object, file, version } of found) {
        const hash = createHash('sha256').update(object).digest('hex');
        if (seen.has(hash)) continue;
        seen.add(hash);
        const target = freeName(path.join(fresh, from, name), file);
        mkdirSync(path.dirname(target), { recursive: true });
        writeFileSync(target, object);
        objects.push({
          file: path.join('objects', path.relative(fresh, target)),
          package: name,
          suite: from,
          version,
        });
      }
    }
  }
  if (objects.length < fewest) throw new SetupError(`the packages hold only ${objects.length} BPF objects`);
  const target = path.join(folder, 'objects');
  rmSync(target, { recursive: true, force: true });
  renameSync(fresh, target);
  objects.sort((a, b) => (a.file < b.file ? -1 : 1));
  writeFileSync(path.join(folder, 'objects.json'), `${JSON.stringify(objects, null, 1)}\n`);
}

function carve(apt, wanted, scratch) {
  rmSync(scratch, { recursive: true, force: true });
  const [archive] = apt.download([wanted], path.join(scratch, 'packages'));
  const version = decodeURIComponent(path.basename(archive).split('_')[1]);
  const root = path.join(scratch, 'root');
  unpack(archive, root);
  const found = [...objectsBelow(root)].map(({ object, name }) => ({ object, file: name, version }));
  rmSync(scratch, { recursive: true, force: true });
  return found;
}

/** `NAME.bpf.o`, or with a number where several objects came out of files of one name. */
function freeName(folder, name) {
  const stem = name.replace(/(\.bpf)?\.o$/, '');
  for (let number = 1; ; number++) {
    const file = path.join(folder, `${stem}${number === 1 ? '' : `-${number}`}.bpf.o`);
    if (!existsSync(file)) return file;
  }
}
