// `gen skeleton` and `gen subskeleton` of every object through both programs, byte for byte; C and TypeScript compilers on
// what comes out.
import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { firstDifference, run } from './run.mjs';
import { Table } from './table.mjs';

const progressEvery = 50;
/** Deadly signals, by which the reference ends for objects that a loader program cannot load. */
const crashes = ['SIGSEGV', 'SIGBUS', 'SIGABRT', 134, 135, 139];

/** @param {string} project */
const formsOf = (project) => {
  const signing = path.join(project, 'test/fixtures/signing');
  return [
    { name: 'skeleton', before: [], verb: 'skeleton' },
    { name: 'subskeleton', before: [], verb: 'subskeleton' },
    { name: '-L skeleton', before: ['-L'], verb: 'skeleton' },
    {
      name: '-L -S skeleton',
      before: ['-S', '-k', `${signing}/key.pem`, '-i', `${signing}/certificate.pem`],
      verb: 'skeleton',
    },
  ];
};

/**
 * @param {{items: {file: string, source: string}[], reference: string[], ours: string[], project: string, work: string,
 *   headers: string | undefined}} input `headers`: where libbpf's are, if they are
 * @returns {Promise<boolean>} whether every output was equal, and what compiles of ours is what does of the reference's
 */
export async function compareSkeletons({ items, reference, ours, project, work, headers }) {
  const table = new Table(['objects', 'equal', 'of them refused', 'crash there', 'differ']);
  const compiled = new Table(['headers', 'C', 'C++']);
  const differences = [];
  const modules = path.join(work, 'modules');
  mkdirSync(modules, { recursive: true });
  for (const [at, { file, source }] of items.entries()) {
    if (at > 0 && at % progressEvery === 0) console.log(`${at} of ${items.length} objects compared`);
    for (const { name, before, verb } of formsOf(project)) {
      const argv = [...before, 'gen', verb, file];
      const [theirs, own] = await Promise.all([run(reference, argv), run(ours, argv)]);
      table.count(name, 'objects');
      if (crashes.includes(theirs.status) && own.status !== 0 && own.stderr.includes('Error: ')) {
        table.count(name, 'crash there');
        continue;
      }
      const told = firstDifference(theirs.stdout, own.stdout);
      const isEqual = told === undefined && theirs.status === own.status;
      table.count(name, isEqual ? 'equal' : 'differ');
      if (isEqual && own.status !== 0) table.count(name, 'of them refused');
      if (!isEqual) differences.push(`${source} ${file} ${name}: ${told ?? `${theirs.status}, ours ${own.status}`}`);
      if (headers === undefined || own.status !== 0 || own.stdout.length === 0) continue;
      compiled.count(name, 'headers');
      const header = path.join(work, 'object.h');
      writeFileSync(header, own.stdout);
      for (const language of ['C', 'C++']) {
        if (await compiles(header, language, headers)) compiled.count(name, language);
      }
    }
    const typed = await run(ours, ['gen', 'skeleton', file, '--lang', 'ts']);
    table.count('--lang ts', 'objects');
    if (typed.status === 0) writeFileSync(path.join(modules, `object${at}.ts`), typed.stdout);
    else table.count('--lang ts', 'of them refused');
  }
  table.print('gen, both programs');
  if (headers !== undefined) compiled.print('what clang takes; both headers are equal');
  const refused = await typeScriptErrors(project, modules);
  console.log(`TypeScript modules that do not compile: ${refused.length}`);
  for (const line of [...differences, ...refused.slice(0, 20)]) console.log(line);
  return differences.length === 0 && refused.length === 0;
}

async function compiles(header, language, headers) {
  const words = language === 'C' ? ['-x', 'c', '-std=gnu11'] : ['-x', 'c++', '-std=gnu++17'];
  const { status } = await run(
    ['clang', '-fsyntax-only', '-w', '-I', headers, '-include', 'sys/types.h', '-include', 'linux/types.h', ...words],
    [header],
  );
  return status === 0;
}

/** What `tsc` says, in its strictest settings. */
async function typeScriptErrors(project, folder) {
  mkdirSync(path.join(folder, 'node_modules'), { recursive: true });
  symlinkSync(project, path.join(folder, 'node_modules/tsbpftool'));
  writeFileSync(path.join(folder, 'package.json'), JSON.stringify({ type: 'module' }));
  const compilerOptions = {
    strict: true,
    exactOptionalPropertyTypes: true,
    noUncheckedIndexedAccess: true,
    noUnusedLocals: true,
    isolatedModules: true,
    verbatimModuleSyntax: true,
    module: 'nodenext',
    moduleResolution: 'nodenext',
    target: 'es2022',
    lib: ['es2023', 'esnext.disposable'],
    types: ['node'],
    typeRoots: [path.join(project, 'node_modules/@types')],
    noEmit: true,
    skipLibCheck: true,
  };
  writeFileSync(path.join(folder, 'tsconfig.json'), JSON.stringify({ compilerOptions, include: ['*.ts'] }));
  const tsc = path.join(project, 'node_modules/typescript/bin/tsc');
  const { stdout } = await run([process.execPath, '--max-old-space-size=6000', tsc, '-p', folder], []);
  return stdout
    .toString()
    .split('\n')
    .filter((line) => line.includes('error TS'));
}
