import { Btf, compileValueEncoder, sizeOf } from '../btf/index.ts';
import { UsageError } from '../errors/index.ts';
import type { ObjectSpec, VariableSpec } from './spec.ts';

/** A value as JSON has it; 64-bit numbers may be bigint or text. */
export type VariableValue = unknown;

/**
 * First contents of the maps of global data with some variables changed, by index of the map: for LoadOptions.contents.
 * Values are those that `compileValueEncoder` takes for the variables' types; members and elements that are not given
 * stay as compiled. UsageError says which part of which variable is wrong.
 */
export function variableContents(
  spec: ObjectSpec,
  values: Readonly<Record<string, VariableValue>>,
): Map<number, Uint8Array> {
  const contents = new Map<number, Uint8Array>();
  let btf: Btf | undefined;
  for (const [name, value] of Object.entries(values)) {
    const variable = findVariable(spec, name);
    const map = spec.maps[variable.map]!;
    let bytes = contents.get(variable.map);
    if (!bytes) {
      bytes = map.initialValue?.slice() ?? new Uint8Array(map.valueSize);
      contents.set(variable.map, bytes);
    }
    btf ??= new Btf(spec.btf!.finishAsGiven(), { pointerSize: spec.btf!.pointerSize });
    if (variable.offset + sizeOf(btf, variable.typeId) > bytes.length) {
      throw new UsageError(`${name}: lies outside its section`);
    }
    compileValueEncoder(btf, variable.typeId, { name }).over(value, bytes, variable.offset);
  }
  return contents;
}

function findVariable(spec: ObjectSpec, name: string): VariableSpec {
  const found = spec.variables.filter((variable) => variable.name === name);
  const [variable] = found;
  if (!variable) throw new UsageError(`the object has no global variable '${name}'`);
  if (found.length > 1) throw new UsageError(`the object has several global variables '${name}'`);
  return variable;
}
