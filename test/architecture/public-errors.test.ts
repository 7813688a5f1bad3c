// One error model: what the package exports throws, and answers nothing that could be a negative errno. Read from the
// declarations that users get.
import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import ts from '@typescript/typescript6';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

const project = path.resolve(import.meta.dirname, '../..');

/** What answers a number, and which: none is an errno. A `*` stands for all members of a type. */
const numbers: Readonly<Record<string, string>> = {
  'Btf.typeCount': 'types',
  'Btf.firstId': 'a type id',
  'Btf.pointerSize': 'bytes',
  'Btf.stringStart': 'an offset',
  'Btf.stringEnd': 'an offset',
  'Btf.recordOffset': 'an offset, undefined for types of the base',
  'BtfBuilder.add': 'a type id',
  'BtfMerger.add': 'a type id',
  'BtfEdit.*': 'type ids and string offsets',
  'RecordView.*': 'words of BTF records, type ids, sizes and offsets',
  'Code.*': 'parts of an instruction',
  alignOf: 'bytes',
  sizeOf: 'bytes',
  trySizeOf: 'bytes, undefined for what has no size',
  BtfValue: 'a value of a program',
  ValueDecoder: 'a value of a program',
  'AnyVariable.*': 'a value of a program',
  'EnumNames.numberOf': 'an enumerator',
  ValuePrinter: 'an offset',
  'HalfCodec.decode': 'a value of a program',
  'BpfMap.valueSize': 'bytes',
  'Fd.number': 'a descriptor, ClosedError where it is closed',
  'Fd.release': 'a descriptor, ClosedError where it is closed',
  'FileAccess.fileSystemType': 'the type of a file system',
  'Kernel.interfaceIndex': 'an index, undefined where there is no such device',
  objectIds: 'ids',
  'RingBuffer.poll': 'records',
  'RingBuffer.consume': 'records',
  'RingBuffer.available': 'bytes',
  'RingBuffer.lostBytes': 'bytes',
  'PerfBuffer.poll': 'records',
  'PerfBuffer.consume': 'records',
  'MapOfObjects.*': "an id, a descriptor of the caller's own",
  'MapOfMaps.*': "a descriptor of the caller's own",
  'MapOfPrograms.*': "a descriptor of the caller's own",
  'TypedMap.deleteMany': 'elements',
  'UserRingBuffer.largest': 'bytes',
  'UserRingBuffer.pending': 'bytes',
  'StructView.get': 'a member of a struct',
  'StructView.u32': 'a member of a struct',
  'UsdtObject.takeUsdtSpec': 'an index',
  'LoadedObject.takeUsdtSpec': 'an index',
  errnoOf: 'the errno of an error, positive',
  JsonSource: 'a character, -1 at the end',
  'JsonSource.peek': 'a character, -1 at the end',
  'ElementFormat.decode': 'a value of a program',
  'TraceCall.key': 'a value of a program',
  'TraceCall.value': 'a value of a program',
  'TraceCall.errno': 'the errno of a call that was seen, positive',
  'TraceCall.durationNs': 'nanoseconds',
  'BpfTrace.commandPid': 'a process id, undefined without a command',
  'BpfTrace.lost': 'calls',
  'BpfTrace.missed': 'calls',
};

describe('the declarations of the package', () => {
  let folder: string;
  let found: { name: string; comment: string; answersNumber: boolean }[];

  beforeAll(async () => {
    folder = mkdtempSync(path.join(os.tmpdir(), 'tsbpftool-declarations-'));
    const words = ['node_modules/typescript/bin/tsc', '-p', 'tsconfig.lib.json', '--outDir', folder];
    await promisify(execFile)(process.execPath, words, { cwd: project });
    found = publicCallables(folder);
  }, 120_000);

  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  it('have no function that answers a negative errno: what answers a number is known, and says what it is', () => {
    const answering = found.filter(({ answersNumber }) => answersNumber).map(({ name }) => name);
    const unknown = answering.filter((name) => !(name in numbers) && !(name.replace(/\..*/, '.*') in numbers));
    expect(unknown).toEqual([]);
    const isThere = (name: string) => answering.some((other) => other === name || other.startsWith(name.slice(0, -1)));
    expect(Object.keys(numbers).filter((name) => !isThere(name))).toEqual([]);
  });

  it('have no comment that speaks of one', () => {
    expect(found.length).toBeGreaterThan(300);
    expect(
      found.filter(({ comment }) => /-errno|negative errno|\b-E[A-Z]+\b/i.test(comment)).map(({ name }) => name),
    ).toEqual([]);
  });

  it('keep the forms of calls that answer one to the command line', () => {
    expect(found.filter(({ name }) => /\.try[A-Z]/.test(name)).map(({ name }) => name)).toEqual([]);
    expect(found.map(({ name }) => name)).toEqual(
      expect.arrayContaining(['BpfMap.lookup', 'BpfLink.detach', 'LoadedObject.pinMaps', 'runLoaderProgram', 'dumpC']),
    );
  });
});

interface PublicCallable {
  /** With the names of what it is declared in: `BpfMap.lookup`, `LoadOptions.log`. */
  readonly name: string;
  readonly comment: string;
  /** A number, a promise of one, or a union with one. */
  readonly answersNumber: boolean;
}

/** Every function, method, accessor and callback that users meet: what is exported, and what its declarations mention. */
function publicCallables(folder: string): PublicCallable[] {
  const entries = ['index.d.ts', 'btf/public.d.ts'].map((name) => path.join(folder, name));
  const program = ts.createProgram(entries, {
    noEmit: true,
    strict: true,
    target: ts.ScriptTarget.ESNext,
    lib: ['lib.esnext.d.ts'],
    module: ts.ModuleKind.NodeNext,
    moduleResolution: ts.ModuleResolutionKind.NodeNext,
    allowImportingTsExtensions: true,
    typeRoots: [path.join(project, 'node_modules/@types')],
    types: ['node'],
  });
  const checker = program.getTypeChecker();
  const found = new Map<string, PublicCallable>();
  const seen = new Set<ts.Symbol>();

  function visitSymbol(given: ts.Symbol): void {
    const symbol = given.flags & ts.SymbolFlags.Alias ? checker.getAliasedSymbol(given) : given;
    if (seen.has(symbol)) return;
    seen.add(symbol);
    for (const declaration of symbol.declarations ?? []) {
      if (declaration.getSourceFile().fileName.startsWith(folder)) visit(declaration, symbol.name, declaration);
    }
  }

  function visit(node: ts.Node, name: string, commented: ts.Node): void {
    if (ts.isFunctionLike(node) && !ts.isConstructorDeclaration(node)) note(node, name, commented);
    if (ts.isGetAccessor(node)) note(node, name, commented);
    if (ts.isTypeReferenceNode(node)) visitName(node.typeName);
    if (ts.isExpressionWithTypeArguments(node)) visitName(node.expression);
    if (ts.isTypeQueryNode(node)) visitName(node.exprName);
    ts.forEachChild(node, (child) => {
      const own =
        (ts.isTypeElement(child) || ts.isClassElement(child)) && child.name ? child.name.getText() : undefined;
      visit(child, own === undefined ? name : `${name}.${own}`, own === undefined ? commented : child);
    });
  }

  function visitName(name: ts.Node): void {
    const symbol = checker.getSymbolAtLocation(name);
    if (symbol !== undefined) visitSymbol(symbol);
  }

  function note(node: ts.SignatureDeclaration, name: string, commented: ts.Node): void {
    const signature = checker.getSignatureFromDeclaration(node);
    if (signature === undefined) return;
    const comment = ts
      .getJSDocCommentsAndTags(commented)
      .map((part) => part.getText())
      .join('\n');
    const answersNumber = found.get(name)?.answersNumber || holdsNumber(signature.getReturnType());
    found.set(name, { name, comment, answersNumber });
  }

  function holdsNumber(type: ts.Type): boolean {
    if (type.flags & ts.TypeFlags.NumberLike) return true;
    if (type.isUnion()) return type.types.some(holdsNumber);
    const isAnswerLater = /^(?:Promise|(?:Async)?Generator)$/.test(type.symbol?.name ?? '');
    return isAnswerLater && checker.getTypeArguments(type as ts.TypeReference).some(holdsNumber);
  }

  for (const entry of entries) {
    const module = checker.getSymbolAtLocation(program.getSourceFile(entry)!)!;
    for (const symbol of checker.getExportsOfModule(module)) visitSymbol(symbol);
  }
  return [...found.values()];
}
