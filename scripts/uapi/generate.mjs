// Writes src/uapi/generated/ from the pinned linux-7.3.btf. `--check` fails instead where a file would change.
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { build } from 'esbuild';

const project = path.resolve(import.meta.dirname, '../..');
const bundle = path.join(project, '.cache/uapi-btf.mjs');
await build({
  entryPoints: [path.join(project, 'src/btf/parse.ts')],
  bundle: true,
  format: 'esm',
  outfile: bundle,
  logLevel: 'error',
});
const { parseBtf } = await import(bundle);
const btf = parseBtf(readFileSync(path.join(import.meta.dirname, 'linux-7.3.btf')));

const structs = [
  'bpf_map_info',
  'bpf_prog_info',
  'bpf_btf_info',
  'bpf_link_info',
  'bpf_token_info',
  'bpf_iter_link_info',
  'bpf_line_info',
  'bpf_func_info',
  'perf_event_attr',
  'perf_event_mmap_page',
  'perf_event_header',
  'nlmsghdr',
  'nlmsgerr',
  'nlattr',
  'ifinfomsg',
  'tcmsg',
  'rtattr',
  '__sk_buff',
  'xdp_md',
  'bpf_sk_lookup',
  'bpf_flow_keys',
];
/** The anonymous structs of union bpf_attr, in order. */
const attrParts = ['map_create', 'map_elem', 'prog_load', 'obj_pin', 'prog_attach', 'get_id', 'btf_load'];
const renamed = { batch: 'map_batch', test: 'test_run' };

const strip = (id) => {
  let type = btf.mustType(id);
  while (['typedef', 'const', 'volatile', 'restrict', 'type_tag'].includes(type.kind)) type = btf.mustType(type.typeId);
  return type;
};
const sizeOf = (id) => {
  const type = strip(id);
  if (type.kind === 'ptr') return 8;
  if (type.kind === 'array') return type.length * sizeOf(type.elementTypeId);
  return type.size;
};

/** Members by dotted path; members of anonymous structs and unions by their own name. */
function members(type, base, prefix, into) {
  for (const member of type.members) {
    const inner = strip(member.typeId);
    const at = base + Math.floor(member.bitOffset / 8);
    const name = member.name === '' ? prefix : `${prefix}${member.name}`;
    if (inner.kind === 'struct' || inner.kind === 'union') {
      members(inner, at, member.name === '' ? prefix : `${name}.`, into);
      continue;
    }
    const row = { offset: at, size: sizeOf(member.typeId) };
    if (inner.kind === 'int' && inner.signed) row.signed = true;
    if (member.bitSize) {
      const unit = inner.size * 8;
      const bit = base * 8 + member.bitOffset;
      row.offset = Math.floor(bit / unit) * inner.size;
      row.bitOffset = bit - row.offset * 8;
      row.bitSize = member.bitSize;
    }
    into[name] ??= row;
  }
  return into;
}

const lines = ["import type { StructLayout } from '../layout.ts';", ''];
const emit = (name, size, rows) => {
  lines.push(`export const ${name} = {`, `  name: '${name}',`, `  size: ${size},`, '  members: {');
  for (const [key, row] of Object.entries(rows)) {
    const fields = Object.entries(row)
      .map(([k, v]) => `${k}: ${v}`)
      .join(', ');
    lines.push(`    ${/^\w+$/.test(key) ? key : `'${key}'`}: { ${fields} },`);
  }
  lines.push('  },', '} as const satisfies StructLayout;', '');
};
let part = 0;
for (const member of btf.findByName('bpf_attr', 'union').members) {
  const type = strip(member.typeId);
  const name = member.name === '' ? attrParts[part++] : (renamed[member.name] ?? member.name);
  emit(`attr_${name}`, type.size, members(type, 0, '', {}));
}
for (const name of structs) {
  const type = btf.findByName(name, 'struct') ?? btf.findByName(name, 'union');
  emit(name, type.size, members(type, 0, '', {}));
}

/** Every name that stands somewhere in the sources or tests: of all that the kernel has, only this is written. */
const used = new Set(
  ['src', 'test'].flatMap((folder) =>
    readdirSync(path.join(project, folder), { recursive: true })
      .map((name) => path.join(project, folder, String(name)))
      .filter((file) => file.endsWith('.ts') && !file.startsWith(path.join(project, 'src/uapi/generated')))
      .flatMap((file) => withoutComments(readFileSync(file, 'utf8')).match(/\b[A-Za-z_]\w+\b/g) ?? []),
  ),
);

/**
 * Throws where BTF does not say the value: enumerations of 8 bytes were cut to 32 bits, and the sign of others was lost, when
 * pahole wrote it. Such constants stand in src/uapi/defines.ts.
 */
function checkWidth(type, { name, value }) {
  const isCut = type.kind === 'enum' && (type.size > 4 || (!type.signed && value >= 0x80000000));
  if (isCut) throw new Error(`${name}: the BTF has not all bits of its value`);
}

const enums = ['/** Enumerations, as the kernel spells them. */'];
const values = (type) =>
  type.values.map((v) => `  ${v.name}: ${typeof v.value === 'bigint' ? `${v.value}n` : v.value},`);
const loose = [];
for (const type of btf.types()) {
  if (type.kind !== 'enum' && type.kind !== 'enum64') continue;
  if (type.name === '' || type.name.startsWith('anon_')) {
    const wanted = type.values.filter(({ name }) => used.has(name));
    for (const value of wanted) checkWidth(type, value);
    loose.push(...values({ values: wanted }));
  } else if (used.has(type.name)) enums.push(`export const ${type.name} = {`, ...values(type), '} as const;', '');
}
// One by one, so that a bundle holds only those it uses.
const constants = [...new Set(loose)].map((line) => line.replace(/^ {2}(\w+): (.*),$/, 'export const $1 = $2;'));

const head = '// Generated by scripts/uapi/generate.mjs. Do not edit.\n';
const outdir = path.join(project, 'src/uapi/generated');
mkdirSync(outdir, { recursive: true });
let stale = false;
for (const [file, body] of Object.entries({ 'structs.ts': lines, 'enums.ts': enums, 'constants.ts': constants })) {
  const target = path.join(outdir, file);
  const text = `${head}${body.join('\n').trimEnd()}\n`;
  if (existsSync(target) && readFileSync(target, 'utf8') === text) continue;
  stale = true;
  if (process.argv.includes('--check')) console.error(`${path.relative(project, target)} is not current`);
  else writeFileSync(target, text);
}
if (stale && process.argv.includes('--check')) process.exit(1);

/** A name in a comment is no use of it. */
function withoutComments(text) {
  return text.replaceAll(/\/\*[\s\S]*?\*\/|(?<=^|\s)\/\/.*/g, '');
}
