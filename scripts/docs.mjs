// `npm run docs [-- --check | --sync]`: the site of guides and reference, as static files in dist/docs, from docs/*.md and the code. The code
// in the guides is that of docs/snippets and examples/: --sync only puts it there, --check only says where it is not current.
import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { parseArgs } from 'node:util';

const project = path.dirname(import.meta.dirname);
const { values } = parseArgs({ options: { check: { type: 'boolean' }, sync: { type: 'boolean' } } });

/** A line that names a file, and a part of it, and the code after it. */
const included = /^<!-- (\S+?)(?:#([\w-]+))? -->\n```(\w+)\n[\s\S]*?^```$/gm;

const old = [];
for (const name of ['README.md', ...readdirSync(path.join(project, 'docs')).map((name) => `docs/${name}`)]) {
  if (!name.endsWith('.md')) continue;
  const file = path.join(project, name);
  const text = readFileSync(file, 'utf8');
  const current = text.replaceAll(included, (_, source, part, language) => {
    return `<!-- ${source}${part ? `#${part}` : ''} -->\n\`\`\`${language}\n${codeOf(source, part)}\`\`\``;
  });
  if (current === text) continue;
  old.push(name);
  if (!values.check) writeFileSync(file, current);
}
if (values.check && old.length > 0) {
  console.error(`code in ${old.join(', ')} is not that of its files: run npm run docs -- --sync`);
  process.exitCode = 1;
}
if (!values.check && !values.sync) {
  const words = ['--import', './scripts/docs/typescript-hook.mjs', 'node_modules/typedoc/bin/typedoc'];
  process.exitCode = spawnSync(process.execPath, words, { cwd: project, stdio: 'inherit' }).status ?? 1;
}

/**
 * The text of a file, or what stands between its lines `// #region NAME` and `// #endregion`, as far to the left as it goes.
 * @param {string} source
 * @param {string | undefined} part
 */
function codeOf(source, part) {
  const text = readFileSync(path.join(project, source), 'utf8');
  if (part === undefined) return text.replaceAll(/^\s*\/\/ #(?:end)?region.*\n/gm, '');
  const found = new RegExp(`^( *)// #region ${part}\\n([\\s\\S]*?)^ *// #endregion`, 'm').exec(text);
  if (found === null) throw new Error(`${source} has no region ${part}`);
  const [, indent = '', body = ''] = found;
  return body.replaceAll(new RegExp(`^${indent}`, 'gm'), '');
}
