import { Errno } from '../../../errors/index.ts';
import { type DiagnosticLog, failure } from '../../../object/index.ts';

/** Where an argument of a probe is found: what `bpf_usdt_arg` of usdt.bpf.h interprets. */
export interface UsdtArgument {
  readonly kind: (typeof argumentKinds)[number];
  /** The constant, or what is added to the address. */
  readonly value: bigint;
  /** Offset of the register in `struct pt_regs`. */
  readonly register: number;
  readonly indexRegister: number;
  /** The index is shifted left by so many bits. */
  readonly scaleShift: number;
  readonly signed: boolean;
  /** Bytes: 1, 2, 4 or 8. */
  readonly size: number;
}

/** In the order of `enum __bpf_usdt_arg_type`. */
export const argumentKinds = ['constant', 'register', 'memory', 'indexed'] as const;

const most = 12;

// Offsets in struct pt_regs. Source: asm/ptrace.h of each architecture.
const offsetsOfX64: readonly (readonly [names: string, offset: number])[] = [
  ['r15 r15d r15w r15b', 0],
  ['r14 r14d r14w r14b', 8],
  ['r13 r13d r13w r13b', 16],
  ['r12 r12d r12w r12b', 24],
  ['rbp ebp bp bpl', 32],
  ['rbx ebx bx bl', 40],
  ['r11 r11d r11w r11b', 48],
  ['r10 r10d r10w r10b', 56],
  ['r9 r9d r9w r9b', 64],
  ['r8 r8d r8w r8b', 72],
  ['rax eax ax al', 80],
  ['rcx ecx cx cl', 88],
  ['rdx edx dx dl', 96],
  ['rsi esi si sil', 104],
  ['rdi edi di dil', 112],
  ['rip eip', 128],
  ['rsp esp sp spl', 152],
];

interface Syntax {
  readonly register: (name: string) => number | undefined;
  /** Forms of an argument, tried in turn; groups `size`, `value`, `register`, `index`, `scale`. */
  readonly forms: readonly (readonly [kind: UsdtArgument['kind'], form: RegExp])[];
}

const size = '\\s*(?<size>-?\\d+)\\s*@\\s*';
const end = '\\s*';
const form = (text: string) => new RegExp(`^${size}${text}${end}`);

const syntaxes: Readonly<Record<string, Syntax>> = {
  x64: {
    register: (name) => offsetsOfX64.find(([names]) => names.split(' ').includes(name))?.[1],
    forms: [
      [
        'indexed',
        form(
          '(?<value>-?\\d+)?\\s*\\(\\s*%(?<register>[^,)\\s]+)\\s*,\\s*%(?<index>[^,)\\s]+)\\s*(?:,\\s*(?<scale>\\d+)\\s*)?\\)',
        ),
      ],
      ['memory', form('(?<value>-?\\d+)?\\s*\\(\\s*%(?<register>[^)\\s]+)\\s*\\)')],
      ['register', form('%(?<register>\\S+)')],
      ['constant', form('\\$(?<value>-?\\d+)')],
    ],
  },
  arm64: {
    register: (name) => {
      const number = /^x(\d+)$/.exec(name)?.[1];
      if (number !== undefined && Number(number) < 31) return Number(number) * 8;
      return name === 'sp' ? 248 : undefined;
    },
    forms: [
      ['memory', form('\\[\\s*(?<register>[a-z0-9]+)\\s*(?:,\\s*(?<value>-?\\d+)\\s*)?\\]')],
      ['constant', form('(?<value>-?\\d+)(?![a-z0-9])')],
      ['register', form('(?<register>[a-z0-9]+)')],
    ],
  },
};

/**
 * Reads the arguments of a probe as the compiler noted them: `-4@%esi 8@-24(%rbp)`. ObjectError, after libbpf's warning,
 * for what the architecture (as `process.arch` names it) does not have.
 */
export function parseUsdtArguments(
  text: string,
  probe: string,
  arch: string,
  log: DiagnosticLog | undefined,
): UsdtArgument[] {
  const syntax = syntaxes[arch];
  const bad = (errno: number, problem: string) => failure(log, errno, `usdt: ${problem}`);
  const list: UsdtArgument[] = [];
  for (let rest = text; rest !== ''; ) {
    if (list.length === most)
      throw bad(Errno.E2BIG, `too many USDT arguments (> ${most}) for '${probe}' with args spec '${text}'`);
    const found = syntax?.forms
      .map(([kind, pattern]) => ({ kind, match: pattern.exec(rest) }))
      .find(({ match }) => match);
    const groups = found?.match?.groups;
    if (!syntax || !found?.match || !groups) throw bad(Errno.EINVAL, `unrecognized arg #${list.length} spec '${rest}'`);
    const register = (name: string | undefined): number => {
      if (name === undefined) return 0;
      const offset = syntax.register(name);
      if (offset === undefined) throw bad(Errno.ENOENT, `unrecognized register '${name}'`);
      return offset;
    };
    const scale = Number(groups.scale ?? 1);
    if (![1, 2, 4, 8].includes(scale)) throw bad(Errno.EINVAL, `invalid SIB scale ${scale}, expected 1, 2, 4, 8`);
    const bytes = Number(groups.size);
    const argument: UsdtArgument = {
      kind: found.kind,
      value: BigInt(groups.value ?? 0),
      register: register(groups.register),
      indexRegister: register(groups.index),
      scaleShift: Math.log2(scale),
      signed: bytes < 0,
      size: Math.abs(bytes),
    };
    if (![1, 2, 4, 8].includes(argument.size)) {
      throw bad(Errno.EINVAL, `unsupported arg #${list.length} (spec '${rest}') size: ${argument.size}`);
    }
    list.push(argument);
    rest = rest.slice(found.match[0].length);
  }
  return list;
}
