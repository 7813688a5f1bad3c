// `npm run api [-- --check]`: writes api/*.txt, the public API of each entry of the package, from the compiler's own declarations,
// without its comments, for review. With --check it only compares. An export without a comment is an error.
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';

const project = path.dirname(import.meta.dirname);
const { values } = parseArgs({ options: { check: { type: 'boolean' } } });

/** By the name of its list: what an entry is imported as, and the file that declares it. */
const entryPoints = {
  index: { name: 'tsbpftool', file: 'index.d.ts' },
  btf: { name: 'tsbpftool/btf', file: 'btf/public.d.ts' },
  testing: { name: 'tsbpftool/testing', file: 'fake/index.d.ts' },
};
/** What the files export that were read already. */
const known = new Map();

const folder = mkdtempSync(path.join(os.tmpdir(), 'tsbpftool-api-'));
try {
  emitDeclarations();
  for (const [list, { name, file }] of Object.entries(entryPoints)) {
    const entries = publicApi(path.join(folder, file));
    const bare = entries.filter(({ comment }) => comment === '').map((entry) => entry.name);
    if (bare.length > 0) throw new Error(`${name}: exports without a comment: ${bare.join(', ')}`);
    const text = `# Public API of ${name}. Written by \`npm run api\`; changes are reviewed as changes of the API.\n\n${entries
      .map(({ text }) => `${withoutComments(text)}\n`)
      .join('\n')}`;
    const target = path.join(project, `api/${list}.txt`);
    if (!values.check) {
      mkdirSync(path.dirname(target), { recursive: true });
      writeFileSync(target, text);
    } else if (!existsSync(target) || readFileSync(target, 'utf8') !== text) {
      throw new Error(`api/${list}.txt is not current: run npm run api and review what changes`);
    }
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
}

/** What a declaration file exports, by name: its comment and its declaration. */
function publicApi(file) {
  let entries = known.get(file);
  if (entries === undefined) {
    entries = [...exportsOf(file).values()].sort((a, b) => (a.name < b.name ? -1 : 1));
    known.set(file, entries);
  }
  return entries;
}

function exportsOf(file) {
  const found = new Map();
  for (const statement of statementsOf(file)) {
    const from = /\bfrom '(.*)';$/.exec(statement.text);
    if (from === null) {
      const name = /^export (?:declare )?(?:abstract )?(?:function|class|interface|type|const) (\w+)/.exec(
        statement.text,
      )?.[1];
      if (name === undefined) continue;
      // Another overload of a function.
      const before = found.get(name);
      if (before === undefined) found.set(name, { name, ...statement });
      else before.text += `\n${statement.comment}${statement.text}`;
      continue;
    }
    if (!statement.text.startsWith('export ')) continue;
    const source = path.resolve(path.dirname(file), from[1].replace(/\.[jt]s$/, '.d.ts'));
    const inner = new Map(publicApi(source).map((entry) => [entry.name, entry]));
    const space = /^export \* as (\w+) /.exec(statement.text)?.[1];
    if (space !== undefined) {
      const members = [...inner.values()].map(({ comment, text }) => `${comment}${text}`.replaceAll(/^/gm, '    '));
      const text = `export declare namespace ${space} {\n${members.join('\n')}\n}`;
      found.set(space, { name: space, comment: statement.comment, text });
    } else if (/^export (?:type )?\*/.test(statement.text)) for (const [name, entry] of inner) found.set(name, entry);
    else if (statement.text.startsWith('export ')) {
      for (const word of (/\{([^}]*)\}/.exec(statement.text)?.[1] ?? '').split(',')) {
        const [name = '', as = name] = word
          .trim()
          .replace(/^type /, '')
          .split(' as ');
        if (name === '') continue;
        const entry = inner.get(name) ?? missing(name, source);
        const text = as === name ? entry.text : entry.text.replace(new RegExp(`\\b${name}\\b`), as);
        found.set(as, { ...entry, name: as, text });
      }
    }
  }
  return found;
}

/** Comments of declarations begin their lines. */
function withoutComments(text) {
  return text.replaceAll(/^[ ]*\/\*\*.*?\*\/\n/gms, '');
}

function missing(name, file) {
  throw new Error(`${name} is not declared in ${path.basename(file)}`);
}

/** Statements at the outermost level, each with the comment before it. Private members are left out. */
function statementsOf(file) {
  const statements = [];
  let [comment, text] = ['', ''];
  let inComment = false;
  let depth = 0;
  for (const line of readFileSync(file, 'utf8').split('\n')) {
    if (text === '' && (inComment || line.startsWith('/**'))) {
      if (!inComment) comment = '';
      comment += `${line}\n`;
      inComment = !line.includes('*/');
      continue;
    }
    if (text === '' && line === '') continue;
    if (!/^\s+(?:#private;|private )/.test(line)) text += `${line}\n`;
    const code = /^\s*(?:\/\*\*|\*)/.test(line) ? '' : line.replaceAll(/'[^']*'|"[^"]*"|=>/g, '');
    depth += (code.match(/[{([<]/g)?.length ?? 0) - (code.match(/[})\]>]/g)?.length ?? 0);
    const isWhole = depth === 0 && /[;}]$/.test(code);
    if (!isWhole) continue;
    statements.push({ comment, text: text.trimEnd() });
    [comment, text] = ['', ''];
  }
  return statements;
}
