// The house's floor plan: which folder of src/ may import which. ARCHITECTURE.md shows the same table as a picture.
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { Errno } from '../../src/errors/index.ts';
import * as sys from '../../src/sys/constants.ts';
import * as uapi from '../../src/uapi/index.ts';

const src = path.resolve(import.meta.dirname, '../../src');

const base = ['errors', 'bytes'];
const pure = [...base, 'uapi', 'insn', 'btf', 'elf', 'object', 'linker', 'codegen', 'netlink'];
const live = [...base, 'uapi', 'insn', 'btf', 'netlink', 'sys', 'host'];

/** Folder → the folders it may import besides itself. */
const rules: Record<string, readonly string[]> = {
  errors: [],
  bytes: ['errors'],
  uapi: base,
  insn: [...base, 'uapi'],
  btf: [...base, 'uapi'],
  elf: base,
  netlink: [...base, 'uapi'],
  object: [...base, 'uapi', 'insn', 'btf', 'elf'],
  linker: [...base, 'uapi', 'btf', 'elf', 'object'],
  codegen: [...base, 'uapi', 'insn', 'btf', 'object'],
  sys: [...base, 'uapi'],
  bpf: [...base, 'uapi', 'sys'],
  fake: [...base, 'uapi', 'btf', 'sys'],
  host: [...base, 'sys'],
  // The kernel's own types may stand in its image on the disk.
  kernel: [...live, 'bpf', 'elf'],
  // References are counted by small programs, whose offsets the kernel's types tell.
  inventory: [...live, 'bpf', 'kernel'],
  probe: [...live, 'bpf', 'kernel'],
  loader: [...live, 'bpf', 'elf', 'object', 'codegen', 'kernel', 'probe'],
  trace: [...live, 'bpf', 'kernel'],
  output: base,
  cli: [...base, 'output'],
  commands: [...pure, 'host', 'kernel', 'inventory', 'probe', 'loader', 'trace', 'output', 'cli'],
};

/**
 * Sources outside the folders: the entry points put the house together; the types of signatures that no folder hands to the others
 * are only named.
 */
const entryPoints = ['main.ts', 'index.ts', 'types.ts', 'standalone.ts'];

/** Numbers above 0xffff, other than bits and masks, that have a name. */
const magics = new Set(
  [...Object.values(uapi), ...Object.values(sys)].filter(
    (value) => typeof value === 'number' && value > 0xffff && value < 0xfffffff0 && !Number.isInteger(Math.log2(value)),
  ),
);

interface Import {
  file: string;
  /** The module specifier as written. */
  from: string;
}

const files = listSources(src);
const imports = files.flatMap((file) => importsOf(file).map((from): Import => ({ file, from })));

describe('the folders of src/', () => {
  it('are those of the table', () => {
    const folders = readdirSync(src).filter((name) => statSync(path.join(src, name)).isDirectory());
    expect(folders.filter((name) => rules[name] === undefined)).toEqual([]);
  });

  it('import only what the table allows', () => {
    const wrong = imports.filter(({ file, from }) => {
      const [here, there] = folders(file, from);
      return here !== undefined && there !== undefined && here !== there && !rules[here]?.includes(there);
    });
    expect(wrong.map(describeImport)).toEqual([]);
  });

  it('import other folders through their index.ts only', () => {
    const wrong = imports.filter(({ file, from }) => {
      const [here, there] = folders(file, from);
      return here !== undefined && there !== undefined && here !== there && !from.endsWith(`/${there}/index.ts`);
    });
    expect(wrong.map(describeImport)).toEqual([]);
  });

  it('keep the families of commands apart', () => {
    const wrong = imports.filter(({ file, from }) => {
      if (!from.startsWith('.')) return false;
      const here = family(file);
      const there = family(path.resolve(path.dirname(file), from));
      // Each family keeps the schemas of its output; one command gathers them.
      if (here === 'schema' && from.endsWith('/output-schema.ts')) return false;
      return here !== undefined && there !== undefined && here !== there && there !== 'shared';
    });
    expect(wrong.map(describeImport)).toEqual([]);
  });

  it('import files that exist, with their extension', () => {
    const wrong = imports.filter(
      ({ file, from }) => from.startsWith('.') && !existsSync(path.resolve(path.dirname(file), from)),
    );
    expect(wrong.map(describeImport)).toEqual([]);
  });

  it('import in one direction: no file imports, over others, itself', () => {
    expect(circles().map((circle) => circle.map((file) => path.relative(src, file)))).toEqual([]);
  });

  it('leave the foreign function interface to one file of src/sys for each runtime, and what Bun has of it to its threads', () => {
    const usersOf = (module: RegExp) =>
      files
        .filter((file) => !file.endsWith('.d.ts') && module.test(readFileSync(file, 'utf8')))
        .map((file) => path.relative(src, file))
        .sort();
    expect(usersOf(/['"`](?:koffi|@koromix\/koffi[^'"`]*)['"`]/)).toEqual(['sys/ffi-koffi.ts']);
    expect(usersOf(/['"`]bun:[^'"`]*['"`]/)).toEqual(['sys/ffi-bun.ts', 'sys/other-thread-worker.ts']);
  });

  it('reach either through sys/libc.ts, where the build of the standalone file puts the one for the other', () => {
    const users = imports.filter(({ from }) => /\/ffi-(?:koffi|bun)\.ts$/.test(from));
    expect(users.map(describeImport).sort()).toEqual([
      describeImport({ file: path.join(src, 'sys/libc.ts'), from: './ffi-koffi.ts' }),
      describeImport({ file: path.join(src, 'sys/other-thread-worker.ts'), from: './ffi-bun.ts' }),
    ]);
  });

  it('leave addresses to src/sys, which keeps what they name until the system call has ended', () => {
    const users = files.filter((file) => /\.address\(/.test(readFileSync(file, 'utf8')));
    expect(users.map((file) => path.relative(src, file)).sort()).toEqual([
      'sys/call-memory.ts',
      'sys/ffi-koffi.ts',
      'sys/libc.ts',
    ]);
  });

  it('leave bpf(2) to src/bpf', () => {
    const users = files.filter((file) => /\.bpf(InBackground)?\(/.test(readFileSync(file, 'utf8')));
    expect(users.map((file) => path.relative(src, file)).filter((file) => !file.startsWith('bpf/'))).toEqual([]);
  });

  it('keep the pure half free of files, processes and the kernel', () => {
    const wrong = imports.filter(({ file, from }) => {
      const here = path.relative(src, file).split(path.sep)[0];
      return pure.includes(here ?? '') && from.startsWith('node:');
    });
    expect(wrong.map(describeImport)).toEqual([]);
  });

  it('use only the packages the project depends on', () => {
    const { dependencies } = JSON.parse(readFileSync(path.resolve(src, '../package.json'), 'utf8'));
    const allowed = new Set(Object.keys(dependencies));
    const wrong = imports.filter(({ from }) => {
      if (/^(?:\.|node:|bun:)/.test(from)) return false;
      const parts = from.split('/');
      return !allowed.has(from.startsWith('@') ? parts.slice(0, 2).join('/') : parts[0]!);
    });
    expect(wrong.map(describeImport)).toEqual([]);
  });
});

describe('the files of src/', () => {
  it('are rarely longer than 400 lines, generated ones excepted', () => {
    const long = files.filter((file) => {
      const text = readFileSync(file, 'utf8');
      return !/generated/i.test(`${file}${text.slice(0, 300)}`) && text.split('\n').length > 400;
    });
    expect(long.map((file) => path.relative(src, file)).length).toBeLessThanOrEqual(5);
  });

  it('take errno numbers from the one table', () => {
    const own = /^(?:export )?const (E[A-Z0-9]{3,}|e[a-z0-9]{3,}) = -?(\d+);/gm;
    const wrong = files.flatMap((file) => {
      const text = readFileSync(file, 'utf8');
      const constants = [...text.matchAll(own)].filter(([, name, number]) => {
        const known = Object.entries(Errno).find(([key]) => key === name!.toUpperCase());
        return known !== undefined && known[1] === Number(number);
      });
      const compared = [...text.matchAll(/\b(?:result|fd|errno|status) [!=]== -(?!1\b)\d+\b/g)];
      return [...constants, ...compared].map(([found]) => `${path.relative(src, file)}: ${found}`);
    });
    expect(wrong).toEqual([]);
  });

  it('have no copy of a number that uapi/ or sys/ names', () => {
    const own = /^\s*(?:export )?const (\w+) = ([-\w]+|1 << \d+);/gm;
    const wrong = files
      .filter((file) => !/^(?:uapi\/|sys\/constants)/.test(path.relative(src, file)))
      .flatMap((file) =>
        [...readFileSync(file, 'utf8').matchAll(own)]
          .filter(([, name, text]) => copies(name!, text!))
          .map(([found]) => `${path.relative(src, file)}: ${found.trim()}`),
      );
    expect(wrong).toEqual([]);
    // One file each: a name that stands in both would be a copy too.
    const twice = Object.keys(uapi).filter((name) => name in sys);
    expect(twice).toEqual([]);
  });

  it('export nothing that nobody uses', () => {
    // What an index passes on is used only if somebody asks the index for it; the package's own entries are for others.
    const passedOn = /^export (?:type )?\{[^}]*\} from '[^']*';$/gm;
    const isEntry = (file: string) => /^(?:index|btf\/public|fake\/index)\.ts$/.test(path.relative(src, file));
    const folders = ['test', 'scripts', 'examples'].map((name) => path.resolve(src, '..', name));
    const texts = [...files, ...folders.flatMap((folder) => listSources(folder, /\.(?:ts|mjs)$/))].map((file) => {
      const text = readFileSync(file, 'utf8');
      return { file, text: isEntry(file) ? text : text.replace(passedOn, '') };
    });
    const uses = new Map<string, number>();
    for (const { text } of texts) {
      for (const word of text.match(/\w+/g) ?? []) uses.set(word, (uses.get(word) ?? 0) + 1);
    }
    const exported = /^export (?:async )?(?:const|function\*?|class|interface|type) (\w+)/gm;
    const dead = texts
      .filter(({ file }) => file.startsWith(src) && !file.includes('/generated/'))
      .flatMap(({ file, text }) =>
        [...text.matchAll(exported)]
          .filter(([, name]) => uses.get(name!) === 1)
          .map(([, name]) => `${path.relative(src, file)}: ${name}`),
      );
    expect(dead).toEqual([]);
  });

  it('ask the table of uapi/ what a type of map is, and list none themselves', () => {
    const several = /BPF_MAP_TYPE_\w+(?:,|:| \|\|)[^;{}()]*BPF_MAP_TYPE_|case [\w.]*BPF_MAP_TYPE_/g;
    const wrong = files
      .filter((file) => !path.relative(src, file).startsWith('uapi/'))
      .flatMap((file) =>
        [...readFileSync(file, 'utf8').matchAll(several)].map(([found]) => `${path.relative(src, file)}: ${found}`),
      );
    expect(wrong).toEqual([]);
  });

  it('have no file or folder named utils, helpers or misc', () => {
    const drawers = files.filter((file) => /\b(utils?|helpers|misc)\b/.test(path.relative(src, file)));
    expect(drawers).toEqual([]);
  });

  it('use no syntax that types alone cannot erase', () => {
    const wrong = files.filter((file) =>
      /^\s*(export\s+)?(const\s+enum|enum|namespace|module)\s+\w+\s*\{|constructor\([^)]*\b(private|public|protected|readonly)\s+\w+\s*[:?]/m.test(
        readFileSync(file, 'utf8'),
      ),
    );
    expect(wrong.map((file) => path.relative(src, file))).toEqual([]);
  });
});

/** True for a constant by a kernel name, and for one whose value is so large that only the kernel can mean it. */
function copies(name: string, text: string): boolean {
  const shift = /^1 << (\d+)$/.exec(text);
  const value = shift ? 2 ** Number(shift[1]) : Number(text);
  if (/^(?:BPF|RLIMIT|O|XDP|NLM|NLMSG|NLA|IFLA|TCA|TC|PERF|SOL|AF|SOCK|MS|MAP|PROT|CLONE)_[A-Z0-9_]+$/.test(name))
    return true;
  if (name in uapi || name in sys) return true;
  return value > 0xffff && magics.has(value);
}

function listSources(folder: string, ending = /\.ts$/): string[] {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const file = path.join(folder, entry.name);
    if (entry.isDirectory()) return listSources(file, ending);
    return ending.test(file) ? [file] : [];
  });
}

function importsOf(file: string): string[] {
  const text = readFileSync(file, 'utf8').replace(/\/\*[\s\S]*?\*\//g, '');
  const found: string[] = [];
  for (const pattern of [
    /^\s*(?:import|export)\s[^'"`;]*?\bfrom\s+['"]([^'"]+)['"]/gm,
    /^\s*import\s+['"]([^'"]+)['"]/gm,
    /\bimport\(\s*['"]([^'"]+)['"]\s*\)/g,
  ]) {
    for (const match of text.matchAll(pattern)) found.push(match[1]!);
  }
  return found;
}

/** Groups of files that import each other, directly or over others of the group. Tarjan's algorithm. */
function circles(): string[][] {
  const targets = new Map(files.map((file) => [file, [] as string[]]));
  for (const { file, from } of imports) {
    if (from.startsWith('.')) targets.get(file)!.push(path.resolve(path.dirname(file), from));
  }
  const found: string[][] = [];
  const order = new Map<string, number>();
  const lowest = new Map<string, number>();
  const stack: string[] = [];
  const visit = (file: string): void => {
    order.set(file, order.size);
    lowest.set(file, order.get(file)!);
    stack.push(file);
    for (const target of targets.get(file) ?? []) {
      if (!order.has(target)) visit(target);
      if (stack.includes(target)) lowest.set(file, Math.min(lowest.get(file)!, lowest.get(target)!));
    }
    if (lowest.get(file) !== order.get(file)) return;
    const group = stack.splice(stack.indexOf(file));
    if (group.length > 1 || targets.get(file)?.includes(file)) found.push(group);
  };
  for (const file of files) if (!order.has(file)) visit(file);
  return found;
}

/** The folders of the importing file and of the imported one; undefined for entry points and packages. */
function folders(file: string, from: string): [string | undefined, string | undefined] {
  if (!from.startsWith('.')) return [undefined, undefined];
  const there = path.relative(src, path.resolve(path.dirname(file), from));
  const here = path.relative(src, file);
  const folderOf = (name: string) => (entryPoints.includes(name) ? undefined : name.split(path.sep)[0]);
  return [folderOf(here), folderOf(there)];
}

function family(file: string): string | undefined {
  const parts = path.relative(src, file).split(path.sep);
  return parts[0] === 'commands' && parts.length > 2 ? parts[1] : undefined;
}

function describeImport({ file, from }: Import): string {
  return `${path.relative(src, file)} imports ${from}`;
}
