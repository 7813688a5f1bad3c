import { Kind } from '../btf/index.ts';
import { Errno } from '../errors/index.ts';
import { failure } from '../object/index.ts';
import { checkSameMap, type SymbolPair } from './match-maps.ts';
import { checkSameType } from './match-types.ts';
import { kindAt, kindNameAt } from './type-records.ts';

const mapsSection = '.maps';

/** Refuses symbols of one name and different types. ObjectError, after libbpf's warnings. Source: glob_syms_match of libbpf. */
export function checkSameSymbol(pair: SymbolPair): void {
  const { output, types, name, known, typeId } = pair;
  const { log } = output;
  // Without types on both sides nothing says whether definition and use agree.
  if (known.typeId === 0 || typeId === 0) {
    throw failure(log, Errno.EINVAL, `BTF info is missing for global symbol '${name}'`);
  }
  const kind = kindAt(types, typeId);
  if (kind !== Kind.var && kind !== Kind.func) {
    const text = `only extern variables and functions are supported, but got '${kindNameAt(types, typeId)}' for '${name}'`;
    throw failure(log, Errno.EINVAL, text);
  }
  const isMap = known.sectionId !== 0 && output.sections[known.sectionId]!.name === mapsSection;
  if (isMap) checkSameMap(pair);
  else checkSameType({ name, log }, { types: output.types, id: known.typeId }, { types, id: typeId });
}
