import { Errno } from '../../../errors/index.ts';
import type { RecordView } from '../../../btf/index.ts';
import { type DiagnosticLog, failure } from '../../../object/index.ts';
import { argumentKinds, type UsdtArgument } from './arguments.ts';

/**
 * The value of `__bpf_usdt_specs` that tells a program where a probe's arguments are, laid out as the object's own
 * usdt.bpf.h has it: versions differ. ObjectError where it is too old for an argument.
 */
export function encodeUsdtSpec(
  btf: RecordView,
  typeId: number,
  list: readonly UsdtArgument[],
  log: DiagnosticLog | undefined,
): Uint8Array {
  const spec = btf.resolve(typeId);
  const bytes = new Uint8Array(btf.sizeOf(spec) ?? 0);
  const member = (id: number, name: string) => btf.members(id).find((candidate) => candidate.name === name);
  const odd = (what: string) => failure(log, Errno.EOPNOTSUPP, `usdt: the object's usdt.bpf.h has no ${what}`);
  const put = (id: number, base: number, name: string, value: bigint): void => {
    const found = member(id, name);
    if (!found) {
      // What an old header has no member for is zero there anyway.
      if (value === 0n) return;
      throw odd(name);
    }
    const bits = found.bitSize > 0 ? found.bitSize : (btf.sizeOf(found.typeId) ?? 0) * 8;
    putBits(bytes, base + found.bitOffset, bits, value);
  };
  const array = member(spec, 'args');
  if (!array) throw odd('args');
  const { elementTypeId, length } = btf.array(btf.resolve(array.typeId));
  if (list.length > length) throw odd(`room for ${list.length} arguments`);
  const element = btf.resolve(elementTypeId);
  const size = btf.sizeOf(element) ?? 0;
  for (const [index, argument] of list.entries()) {
    const base = array.bitOffset + index * size * 8;
    put(element, base, 'val_off', argument.value);
    put(element, base, 'arg_type', BigInt(argumentKinds.indexOf(argument.kind)));
    put(element, base, 'idx_reg_off', BigInt(argument.indexRegister));
    put(element, base, 'scale_bitshift', BigInt(argument.scaleShift));
    put(element, base, 'reg_off', BigInt(argument.register));
    put(element, base, 'arg_signed', BigInt(argument.signed));
    // The program shifts a 64-bit word to the left and back by as much, which extends the sign or zeros.
    put(element, base, 'arg_bitshift', BigInt(64 - argument.size * 8));
    if (argument.kind === 'indexed' && !member(element, 'idx_reg_off')) throw odd('indexed arguments');
  }
  put(spec, 0, 'arg_cnt', BigInt(list.length));
  return bytes;
}

function putBits(bytes: Uint8Array, at: number, count: number, value: bigint): void {
  for (let bit = 0; bit < count; bit++) {
    const place = at + bit;
    if (((value >> BigInt(bit)) & 1n) === 1n) bytes[place >> 3]! |= 1 << (place & 7);
  }
}
