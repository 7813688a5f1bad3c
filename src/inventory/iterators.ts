// Numbers that only the kernel itself sees, read by iterator programs of a few instructions.
import { createLink, loadProgram, openIterator } from '../bpf/index.ts';
import { idsThatBegin, type RecordView } from '../btf/index.ts';
import { NotSupportedError, TsbpfError } from '../errors/index.ts';
import { assemble, encodeInstructions, op, type Statement } from '../insn/index.ts';
import { Fd, withVmlinux } from '../kernel/index.ts';
import { checkResult, type Kernel } from '../sys/index.ts';
import { bpf_attach_type, bpf_prog_type } from '../uapi/index.ts';

/** Numbers by object id; or why they cannot be read, in words. */
export type ObjectNumbers = ReadonlyMap<number, number> | string;

/** Kinds of objects whose references the kernel counts. */
export type CountedKind = 'prog' | 'map' | 'link';

/** Bytes of what a program writes for each object: id and number, 8 bytes each. */
const recordSize = 16;
const roomSize = 1 << 16;
const idAt = -16;
const numberAt = -8;

const { alu, at, call, callKernel, exit, jump, label, load, store } = op;

/**
 * The kernel's own counts of references to each object of a kind. Since 5.8 (maps), 5.9 (programs) and 5.19 (links), with
 * CAP_BPF and CAP_PERFMON.
 */
export function referenceCounts(kernel: Kernel, kind: CountedKind): ObjectNumbers {
  // A program's numbers are in a struct of their own.
  const isProgram = kind === 'prog';
  const struct = isProgram ? 'bpf_prog_aux' : `bpf_${kind}`;
  const prepared = prepare(kernel, kind, [struct, 'bpf_prog'], (types) => [
    // The object is in r7.
    ...(isProgram ? [load('u64', 'r7', at('r7', types.offset('bpf_prog', 'aux')))] : []),
    load('u32', 'r2', at('r7', types.offset(struct, 'id'))),
    store('u64', at('r10', idAt), 'r2'),
    load('u64', 'r2', at('r7', types.offset(struct, 'refcnt'))),
    // The iterator holds the object that it hands out: one reference is its own.
    alu('-=', 'r2', 1),
    store('u64', at('r10', numberAt), 'r2'),
  ]);
  return typeof prepared === 'string' ? prepared : tryRun(kernel, prepared);
}

/**
 * Tells how many elements maps have, of those that the kernel counts; undefined where it cannot be asked. Since 6.6. The
 * program is put together once, since that takes a look through all of the kernel's types.
 */
export function mapEntryCounter(kernel: Kernel): () => ReadonlyMap<number, number> | undefined {
  let prepared: Prepared | string | undefined;
  return () => {
    prepared ??= prepare(kernel, 'map', ['bpf_map', sumElements], entryBody);
    const numbers = typeof prepared === 'string' ? prepared : tryRun(kernel, prepared);
    // What was refused once will be again.
    if (typeof numbers === 'string') prepared = numbers;
    return typeof numbers === 'string' ? undefined : numbers;
  };
}

const sumElements = 'bpf_map_sum_elem_count';

const entryBody = (types: NamedTypes): readonly Statement[] => {
  const sum = types.id('func', sumElements);
  if (sum === undefined) throw new NotSupportedError('counting the elements of maps', '6.6');
  return [
    load('u64', 'r2', at('r7', types.offset('bpf_map', 'elem_count'))),
    jump('==', 'r2', 0, 'end'),
    load('u32', 'r2', at('r7', types.offset('bpf_map', 'id'))),
    store('u64', at('r10', idAt), 'r2'),
    alu('=', 'r1', 'r7'),
    callKernel(sum),
    store('u64', at('r10', numberAt), 'r0'),
  ];
};

/** An iterator's program, and the type of the kernel function that it is for. */
interface Prepared {
  readonly attachBtfId: number;
  readonly statements: readonly Statement[];
}

function tryRun(kernel: Kernel, { attachBtfId, statements }: Prepared): ObjectNumbers {
  try {
    return run(kernel, attachBtfId, statements);
  } catch (error) {
    if (error instanceof TsbpfError) return error.message;
    throw error;
  }
}

/** A program for each object of a kind: `body` puts id and number on the stack, or jumps to `end`. `names`: what it asks for. */
function prepare(
  kernel: Kernel,
  kind: CountedKind,
  names: readonly string[],
  body: (types: NamedTypes) => readonly Statement[],
): Prepared | string {
  try {
    const hookName = `bpf_iter_bpf_${kind}`;
    const prepared = withVmlinux(kernel, (all) => {
      const types = new NamedTypes(all, [hookName, ...names]);
      const hook = types.id('func', hookName);
      return hook === undefined ? undefined : { attachBtfId: hook, statements: statementsAround(body(types)) };
    });
    return prepared ?? `this kernel has no iterator of ${kind} objects, or no BTF`;
  } catch (error) {
    if (error instanceof TsbpfError) return error.message;
    throw error;
  }
}

const statementsAround = (body: readonly Statement[]): readonly Statement[] => [
  alu('=', 'r6', 'r1'),
  load('u64', 'r7', at('r1', 8)),
  jump('==', 'r7', 0, 'end'),
  ...body,
  load('u64', 'r1', at('r6')),
  load('u64', 'r1', at('r1')),
  alu('=', 'r2', 'r10'),
  alu('+=', 'r2', idAt),
  alu('=', 'r3', recordSize),
  call('seq_write'),
  label('end'),
  alu('=', 'r0', 0),
  exit(),
];

function run(kernel: Kernel, attachBtfId: number, statements: readonly Statement[]): ObjectNumbers {
  const attachType = bpf_attach_type.BPF_TRACE_ITER;
  const opened = (call: string, fd: number) => new Fd(kernel, checkResult(call, fd));
  const request = { type: bpf_prog_type.BPF_PROG_TYPE_TRACING, expectedAttachType: attachType, attachBtfId };
  const code = encodeInstructions(assemble(statements).instructions);
  using program = opened('load an iterator', loadProgram(kernel, { ...request, code, name: 'tsbpf_numbers' }));
  const linkRequest = { programFd: program.number, target: 0, attachType };
  using link = opened('attach an iterator', createLink(kernel, linkRequest));
  using iterator = opened('run an iterator', openIterator(kernel, link.number));
  const numbers = new Map<number, number>();
  const room = new Uint8Array(roomSize);
  const view = new DataView(room.buffer);
  for (;;) {
    const length = checkResult('read an iterator', kernel.read(iterator.number, room));
    if (length === 0) return numbers;
    for (let i = 0; i + recordSize <= length; i += recordSize) {
      numbers.set(view.getUint32(i, true), Number(view.getBigInt64(i + 8, true)));
    }
  }
}

/** A few of the kernel's types by name, found in one pass. */
class NamedTypes {
  readonly #types: RecordView;
  readonly #ids = new Map<string, number>();

  constructor(types: RecordView, names: readonly string[]) {
    this.#types = types;
    for (const id of idsThatBegin(types, names)) {
      const key = `${types.kindName(id)} ${types.name(id)}`;
      if (!this.#ids.has(key)) this.#ids.set(key, id);
    }
  }

  id(kind: string, name: string): number | undefined {
    return this.#ids.get(`${kind} ${name}`);
  }

  /** Offset in bytes of a member of a struct. Throws NotSupportedError. */
  offset(struct: string, member: string): number {
    const id = this.id('struct', struct);
    const found = id === undefined ? undefined : this.#types.members(id).find(({ name }) => name === member);
    if (found === undefined) throw new NotSupportedError(`reading ${struct}.${member}`);
    return found.bitOffset / 8;
  }
}
