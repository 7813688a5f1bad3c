// Externs get their values: from the kernel's configuration, /proc/kallsyms, or the BTF of the kernel and its modules.
// Source: libbpf.c, bpf_object__resolve_externs.
import { Errno, errnoOf } from '../errors/index.ts';
import { Kind, type RecordView } from '../btf/index.ts';
import { gunzipSync } from 'node:zlib';
import {
  type DiagnosticLog,
  errorText,
  type ExternSpec,
  failure,
  type ObjectSpec,
  tell,
  typesAreCompatible,
} from '../object/index.ts';
import { kernelConfigPath, kernelVersion, eachSymbol, hasSyscallWrapper } from '../host/index.ts';
import type { Kernel } from '../sys/index.ts';
import type { KernelBtf, ModuleBtf } from './kernel-btf.ts';

/** What an extern turned out to be. Weak ones that were not found are not in the result. */
export type ResolvedExtern =
  | { readonly kind: 'kconfig' }
  | { readonly kind: 'address'; readonly address: bigint }
  | { readonly kind: 'btf'; readonly id: number; readonly moduleFd: number; readonly fdIndex: number };

export interface ResolvedExterns {
  /** By index of the extern. */
  readonly found: ReadonlyMap<number, ResolvedExtern>;
  /** Contents of the kconfig map. */
  readonly kconfig: Uint8Array | undefined;
  readonly fdArray: Uint8Array | undefined;
}

export interface ExternContext {
  readonly kernel: Kernel;
  readonly log: DiagnosticLog;
  /** Without it, what the kernel's BTF tells is left to a loader program, which runs on new kernels only. */
  readonly kernelBtf: KernelBtf | undefined;
}

/** A loader program looks ids up itself (bpf_btf_find_by_name_kind), so that there is nothing to be found yet. */
const leftToLoader: ResolvedExtern = { kind: 'btf', id: 0, moduleFd: 0, fdIndex: 0 };

type KconfigExtern = Extract<ExternSpec, { kind: 'kconfig' }>;
type KsymExtern = Extract<ExternSpec, { kind: 'ksym' }>;

/** Looks all externs up: kernel configuration, symbol addresses, and types and functions of the kernel's BTF. */
export function resolveExterns(context: ExternContext, spec: ObjectSpec): ResolvedExterns {
  const found = new Map<number, ResolvedExtern>();
  if (spec.externs.length === 0) return { found, kconfig: undefined, fdArray: undefined };
  const size = spec.kconfigMap >= 0 ? spec.maps[spec.kconfigMap]!.valueSize : 0;
  const kconfig = size > 0 ? new Uint8Array(size) : undefined;
  const kconfigExterns: KconfigExtern[] = [];
  const addresses: KsymExtern[] = [];
  for (const [index, extern] of spec.externs.entries()) {
    if (extern.kind === 'ksym') {
      if (extern.symbolTypeId === 0) addresses.push(extern);
    } else if (extern.name.startsWith('CONFIG_')) {
      kconfigExterns.push(extern);
    } else if (kconfig) {
      const value = virtualValue(context, extern);
      setNumber(context.log, extern, kconfig, value);
      tell(context.log, () => `extern (kcfg) '${extern.name}': set to 0x${value.toString(16)}`);
      found.set(index, { kind: 'kconfig' });
    }
  }
  const indexOf = (extern: ExternSpec) => spec.externs.indexOf(extern);
  if (kconfigExterns.length > 0 && kconfig) {
    for (const extern of readKconfig(context, kconfigExterns, kconfig)) found.set(indexOf(extern), { kind: 'kconfig' });
  }
  if (addresses.length > 0) {
    for (const [extern, address] of readAddresses(context, addresses)) {
      found.set(indexOf(extern), { kind: 'address', address });
    }
  }
  context.kernelBtf?.expect(
    spec.externs.flatMap((extern) =>
      extern.kind === 'ksym' && extern.symbolTypeId !== 0 ? [nameInKernel(extern)] : [],
    ),
  );
  const fds: number[] = [];
  for (const [index, extern] of spec.externs.entries()) {
    if (extern.kind !== 'ksym' || extern.symbolTypeId === 0) continue;
    const { kernelBtf, log } = context;
    const resolved = kernelBtf ? resolveTyped({ kernelBtf, log }, spec.btf!, extern, fds) : leftToLoader;
    if (resolved) found.set(index, resolved);
  }
  for (const [index, extern] of spec.externs.entries()) {
    if (found.has(index)) continue;
    if (extern.weak) {
      tell(context.log, () => `extern '${extern.name}' (weak): not resolved, defaulting to zero`);
      continue;
    }
    throw failure(context.log, Errno.ESRCH, `extern '${extern.name}' (strong): not resolved`);
  }
  return { found, kconfig, fdArray: fds.length > 0 ? fdBytes(fds) : undefined };
}

/** The array `fd_array` of BPF_PROG_LOAD. */
function fdBytes(fds: readonly number[]): Uint8Array {
  const bytes = new Uint8Array(fds.length * 4);
  const view = new DataView(bytes.buffer);
  fds.forEach((fd, index) => void view.setInt32(index * 4, fd, true));
  return bytes;
}

/** Names that are no option of the configuration: libbpf makes up their values. */
function virtualValue({ kernel, log, kernelBtf }: ExternContext, extern: KconfigExtern): bigint {
  switch (extern.name) {
    case 'LINUX_KERNEL_VERSION': {
      const version = kernelVersion(kernel).code;
      if (version === 0)
        throw failure(log, Errno.EINVAL, `extern (kcfg) '${extern.name}': failed to get kernel version`);
      return BigInt(version);
    }
    // bpf_get_attach_cookie() is of Linux 5.15. Loader programs, for which no BTF is read, run on newer kernels only.
    case 'LINUX_HAS_BPF_COOKIE':
      return !kernelBtf || kernelVersion(kernel).code >= 0x050f00 ? 1n : 0n;
    // Whether system calls are functions such as __x64_sys_bpf, whose argument is `struct pt_regs`.
    case 'LINUX_HAS_SYSCALL_WRAPPER':
      return !kernelBtf || hasSyscallWrapper(kernel) ? 1n : 0n;
    default:
      if (extern.name.startsWith('LINUX_') && extern.weak) return 0n;
      throw failure(log, Errno.EINVAL, `extern (kcfg) '${extern.name}': unrecognized virtual extern`);
  }
}

function readAddresses({ kernel, log }: ExternContext, externs: readonly KsymExtern[]): Map<KsymExtern, bigint> {
  const byName = new Map(externs.map((extern) => [extern.name, extern]));
  const found = new Map<KsymExtern, bigint>();
  eachSymbol(kernel, (symbol, type, digits) => {
    // Link-time optimisation renames static variables that other files use.
    const suffix = symbol.indexOf('.llvm.');
    const name = suffix >= 0 && type === 'd' ? symbol.slice(0, suffix) : symbol;
    const extern = byName.get(name);
    if (!extern || extern.function) return true;
    const address = BigInt(`0x${digits}`);
    // Static symbols of several files may have one name.
    const known = found.get(extern);
    if (known !== undefined && known !== address) {
      const text = `extern (ksym) '${name}': resolution is ambiguous: 0x${known.toString(16)} or 0x${address.toString(16)}`;
      throw failure(log, Errno.EINVAL, text);
    }
    if (known === undefined) tell(log, () => `extern (ksym) '${name}': set to 0x${address.toString(16)}`);
    found.set(extern, address);
    return true;
  });
  return found;
}

/** Functions may have a flavour, which is theirs alone. */
function nameInKernel(extern: KsymExtern): string {
  return extern.function ? extern.essentialName : extern.name;
}

function resolveTyped(
  { kernelBtf, log }: { kernelBtf: KernelBtf; log: DiagnosticLog },
  btf: RecordView,
  extern: KsymExtern,
  fds: number[],
): ResolvedExtern | undefined {
  const what = extern.function ? 'func' : 'var';
  const target = kernelBtf.find(nameInKernel(extern), extern.function ? Kind.func : Kind.var);
  const bad = (errno: number, text: string) => failure(log, errno, `extern (${what} ksym) '${extern.name}': ${text}`);
  if (!target) {
    if (extern.weak) return undefined;
    throw bad(Errno.EINVAL, extern.function ? 'not found in kernel or module BTFs' : 'not found in kernel BTF');
  }
  const targetType = target.btf.target(target.id);
  const local = { btf, id: extern.symbolTypeId };
  const actualType = { btf: target.btf, id: target.btf.resolve(targetType) };
  if (!typesAreCompatible(local, actualType, { warn: (text) => log('warn', text) })) {
    if (extern.function) {
      if (extern.weak) return undefined;
      const where = target.module?.name ?? 'vmlinux';
      throw bad(Errno.EINVAL, `func_proto [${extern.symbolTypeId}] incompatible with ${where} [${targetType}]`);
    }
    const resolved = target.btf.resolve(targetType);
    const expected = `[${local.id}] ${btf.kindName(local.id)} ${btf.name(local.id)}`;
    const actual = `[${resolved}] ${target.btf.kindName(resolved)} ${target.btf.name(resolved)}`;
    throw bad(Errno.EINVAL, `incompatible types, expected ${expected}, but kernel has ${actual}`);
  }
  if (extern.function) {
    const where = target.module?.name ?? 'vmlinux';
    tell(log, () => `extern (func ksym) '${extern.name}': resolved to ${where} [${target.id}]`);
  } else {
    const kind = target.btf.kindName(target.id);
    tell(
      log,
      () => `extern (var ksym) '${extern.name}': resolved to [${target.id}] ${kind} ${target.btf.name(target.id)}`,
    );
  }
  const fdIndex = extern.function && target.module ? indexOfModule(fds, target.module) : 0;
  return { kind: 'btf', id: target.id, moduleFd: target.module?.fd ?? 0, fdIndex };
}

/** Position of a module's BTF in the array of fds that calls refer to; position 0 means the kernel. */
function indexOfModule(fds: number[], module: ModuleBtf): number {
  if (fds.length === 0) fds.push(0);
  const known = fds.indexOf(module.fd);
  return known > 0 ? known : fds.push(module.fd) - 1;
}

/** Options of the running kernel: /proc/config.gz or a file of /boot. Those that are not set have no line. */
function readKconfig(
  { kernel, log }: ExternContext,
  externs: readonly KconfigExtern[],
  data: Uint8Array,
): Set<KconfigExtern> {
  const path = kernelConfigPath(kernel);
  if (path === undefined) throw failure(log, Errno.EINVAL, 'failed to open system Kconfig');
  const raw = kernel.readFile(path);
  const text = Buffer.from(unzipped(raw)).toString('latin1');
  const found = new Set<KconfigExtern>();
  const byName = new Map(externs.map((extern) => [extern.name, extern]));
  // Lines keep their ends, which libbpf's words hold where it stops before it cuts them off.
  for (const whole of text.split(/(?<=\n)/)) {
    if (!whole.startsWith('CONFIG_')) continue;
    const line = whole.replace(/\n$/, '');
    const separator = line.indexOf('=');
    const name = separator < 0 ? whole : line.slice(0, separator);
    const value = line.slice(separator + 1);
    const refused = (shown: string, error: unknown) => {
      const errno = errnoOf(error, Errno.EINVAL);
      log('warn', `error parsing system Kconfig line '${shown}': ${errorText(errno)}`);
      return error;
    };
    if (separator < 0) throw refused(whole, failure(log, Errno.EINVAL, `failed to parse '${whole}': no separator`));
    if (value === '') throw refused(line, failure(log, Errno.EINVAL, `failed to parse '${line}': no value`));
    const extern = byName.get(name);
    if (!extern || found.has(extern)) continue;
    try {
      setText(log, extern, data, value);
    } catch (error) {
      throw refused(name, error);
    }
    tell(log, () => `extern (kcfg) '${extern.name}': set to ${value}`);
    found.add(extern);
  }
  return found;
}

/** A configuration that is compressed, or is not; what is broken has no lines. */
function unzipped(raw: Uint8Array): Uint8Array {
  if (raw[0] !== 0x1f || raw[1] !== 0x8b) return raw;
  try {
    return gunzipSync(raw);
  } catch {
    return new Uint8Array(0);
  }
}

function setText(log: DiagnosticLog, extern: KconfigExtern, data: Uint8Array, value: string): void {
  const bad = (text: string) => failure(log, Errno.EINVAL, `extern (kcfg) '${extern.name}': ${text}`);
  const { offset, size, valueKind } = extern;
  const first = value[0];
  // An option that is off has no line in a configuration of the kernel's; `n` is accepted as well.
  if (first === 'y' || first === 'n' || first === 'm') {
    if (valueKind === 'bool') {
      if (first === 'm') throw bad(`value '${first}' implies tristate or char type`);
      data[offset] = first === 'y' ? 1 : 0;
    } else if (valueKind === 'tristate') {
      data[offset] = first === 'y' ? 1 : first === 'm' ? 2 : 0;
    } else if (valueKind === 'char') {
      data[offset] = first.charCodeAt(0);
    } else {
      throw bad(`value '${first}' implies bool, tristate, or char type`);
    }
    return;
  }
  if (first === '"') {
    if (valueKind !== 'charArray') throw bad(`value '${value}' implies char array type`);
    if (value.length < 2 || !value.endsWith('"')) throw bad(`invalid string config '${value}'`);
    let text = Buffer.from(value.slice(1, -1), 'latin1');
    if (text.length >= size) {
      const cut = `long string '${value}' of (${text.length} bytes) truncated to ${size - 1} bytes`;
      log('warn', `extern (kcfg) '${extern.name}': ${cut}`);
      text = text.subarray(0, size - 1);
    }
    data.set(text, offset);
    return;
  }
  const number = readInteger(value);
  if (number === undefined) {
    log('warn', `failed to parse '${value}' as integer completely`);
    throw bad(`value '${value}' isn't a valid integer`);
  }
  if (number === 'too large') {
    log('warn', `failed to parse '${value}': -ERANGE`);
    throw failure(log, Errno.ERANGE, `extern (kcfg) '${extern.name}': value '${value}' isn't a valid integer`);
  }
  if (valueKind !== 'int' && valueKind !== 'char') throw bad(`value '${value}' implies integer type`);
  setNumber(log, extern, data, number);
}

/** As strtoull(3) in base 0: a sign is taken, and a negative number wraps around. Undefined for what is none. */
function readInteger(text: string): bigint | 'too large' | undefined {
  const match = /^[ \t\v\f\r]*([-+]?)(0[xX][0-9a-fA-F]+|0[0-7]*|[1-9]\d*)$/.exec(text);
  if (!match) return undefined;
  const digits = match[2]!;
  const magnitude = BigInt(/^0\d/.test(digits) ? `0o${digits.slice(1)}` : digits);
  if (magnitude >= 1n << 64n) return 'too large';
  return BigInt.asUintN(64, match[1] === '-' ? -magnitude : magnitude);
}

function setNumber(log: DiagnosticLog, extern: KconfigExtern, data: Uint8Array, value: bigint): void {
  const bad = (errno: number, text: string) =>
    failure(log, errno, `extern (kcfg) '${extern.name}': value '${value}' ${text}`);
  const { valueKind, size, offset } = extern;
  if (valueKind === 'charArray' || valueKind === 'tristate')
    throw bad(Errno.EINVAL, 'implies integer, char, or boolean type');
  if (valueKind === 'bool' && value > 1n) throw bad(Errno.EINVAL, "isn't boolean compatible");
  if (size < 8) {
    const bits = BigInt(size * 8);
    // A signed value is in range if, moved up by half the range, it is one without a sign.
    const fits = extern.signed ? BigInt.asUintN(64, value + (1n << (bits - 1n))) < 1n << bits : value >> bits === 0n;
    if (!fits) throw bad(Errno.ERANGE, `doesn't fit in ${size} bytes`);
  }
  for (let index = 0; index < size; index++) data[offset + index] = Number((value >> BigInt(8 * index)) & 0xffn);
}
