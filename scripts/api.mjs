// `npm run api [-- --check]`: writes api/btf.txt, the public API of tsbpftool/btf with its comments, from the compiler's
// own declarations, for review. With --check it only compares. An export without a comment is an error.
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';

const project = path.dirname(import.meta.dirname);
const target = path.join(project, 'api/btf.txt');
const { values } = parseArgs({ options: { check: { type: 'boolean' } } });

const folder = mkdtempSync(path.join(os.tmpdir(), 'tsbpftool-api-'));
try {
  const entries = publicApi(emitDeclarations());
  const bare = entries.filter(({ comment }) => comment === '').map(({ name }) => name);
  if (bare.length > 0) throw new Error(`exports without a comment: ${bare.join(', ')}`);
  const text = `# Public API of tsbpftool/btf. Written by \`npm run api\`; changes are reviewed as changes of the API.\n\n${entries
    .map(({ comment, text }) => `${comment}${text}\n`)
    .join('\n')}`;
  if (!values.check) {
    mkdirSync(path.dirname(target), { recursive: true });
    writeFileSync(target, text);
  } else if (!existsSync(target) || readFileSync(target, 'utf8') !== text) {
    throw new Error('api/btf.txt is not current: run npm run api and review what changes');
  }
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
} finally {
  rmSync(folder, { recursive: true, force: true });
}

function emitDeclarations() {
  const words = [
    'node_modules/typescript/bin/tsc',
    '-p',
    'tsconfig.lib.json',
    '--emitDeclarationOnly',
    '--outDir',
    folder,
  ];
  const { status, stdout } = spawnSync(process.execPath, words, { cwd: project, encoding: 'utf8' });
  if (status !== 0) throw new Error(stdout);
  return path.join(folder, 'btf/public.d.ts');
}

/** What a declaration file exports, by name: its comment and its declaration. */
function publicApi(file) {
  const found = new Map();
  for (const statement of statementsOf(file)) {
    const from = /\bfrom '(.*)';$/.exec(statement.text);
    if (from === null) {
      const name = /^export (?:declare )?(?:abstract )?(?:function|class|interface|type|const) (\w+)/.exec(
        statement.text,
      )?.[1];
      if (name !== undefined) found.set(name, { name, ...statement });
      continue;
    }
    const source = path.resolve(path.dirname(file), from[1].replace(/\.[jt]s$/, '.d.ts'));
    const inner = new Map(publicApi(source).map((entry) => [entry.name, entry]));
    if (statement.text.startsWith('export *')) for (const [name, entry] of inner) found.set(name, entry);
    else if (statement.text.startsWith('export ')) {
      for (const word of (/\{([^}]*)\}/.exec(statement.text)?.[1] ?? '').split(',')) {
        const name = word.trim().replace(/^type /, '');
        if (name !== '') found.set(name, inner.get(name) ?? missing(name, source));
      }
    }
  }
  return [...found.values()].sort((a, b) => (a.name < b.name ? -1 : 1));
}

function missing(name, file) {
  throw new Error(`${name} is not declared in ${path.basename(file)}`);
}

/** Statements at the outermost level, each with the comment before it. Private members are left out. */
function statementsOf(file) {
  const statements = [];
  let [comment, text] = ['', ''];
  let inComment = false;
  for (const line of readFileSync(file, 'utf8').split('\n')) {
    if (text === '' && (inComment || line.startsWith('/**'))) {
      if (!inComment) comment = '';
      comment += `${line}\n`;
      inComment = !line.includes('*/');
      continue;
    }
    if (text === '' && line === '') continue;
    if (!/^\s+(?:#private;|private )/.test(line)) text += `${line}\n`;
    const isWhole = /^\S.*;$|^\}.*$/.test(line);
    if (!isWhole) continue;
    statements.push({ comment, text: text.trimEnd() });
    [comment, text] = ['', ''];
  }
  return statements;
}
