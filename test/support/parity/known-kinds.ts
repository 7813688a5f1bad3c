import { BtfBuilder, type NewBtfType } from '../../../src/btf/index.ts';
import type { ShapeOptions } from '../btf/shapes.ts';
import { closeFds, loadBtf } from './fixtures/raw.ts';
import { FeatureMissing } from '../feature.ts';

/** Which of the younger kinds of types the running kernel takes. */
export function knownKinds(): ShapeOptions['kinds'] {
  return {
    enum64: takes({ kind: 'enum64', name: 'probe', size: 8, signed: false, values: [{ name: 'PROBE', value: 1n }] }),
    float: takes({ kind: 'float', name: 'probe', size: 8 }),
    typeTag: takes({ kind: 'type_tag', name: 'probe', typeId: 1, kindFlag: false }),
  };
}

function takes(type: NewBtfType): boolean {
  const builder = new BtfBuilder();
  builder.add({ kind: 'int', name: 'int', size: 4, bits: 32, bitOffset: 0, signed: true, char: false, bool: false });
  builder.add(type);
  try {
    closeFds(loadBtf(builder.finish()));
    return true;
  } catch (error) {
    if (error instanceof FeatureMissing) return false;
    throw error;
  }
}
