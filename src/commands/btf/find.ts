import {
  type Btf,
  BtfLookupError,
  type BtfType,
  definitionText,
  findMember,
  findTypes,
  type MemberPlace,
  trySizeOf,
  typeText,
} from '../../btf/index.ts';
import { type Context, fail, type OwnHandler } from '../../cli/index.ts';
import { parseSource } from './select-btf.ts';

/** `btf find BTF_SRC { NAME | PATTERN | STRUCT.MEMBER… }`: types by name with their C form, or where a member lies. */
export const find: OwnHandler = (ctx, words) => {
  const source = parseSource(ctx, words, { announce: false });
  if (words.left === 0) fail("'find' needs a name, a pattern or a member path");
  const query = words.next();
  if (words.left > 0) words.unexpected();
  const btf = source.load();
  try {
    // Names of sections and of some functions hold dots themselves.
    // Patterns have a star or a question mark; a dot or bracket without either leads to a member.
    const isPath = /[.[]/.test(query) && !/[*?]/.test(query) && !hasType(btf, query);
    if (isPath) printPlaces(ctx, btf, findMember(btf, query));
    else printTypes(ctx, btf, findTypes(btf, query));
  } catch (error) {
    if (!(error instanceof BtfLookupError)) throw error;
    fail(error.message, { cause: error });
  }
};

function hasType(btf: Btf, name: string): boolean {
  return btf.findByName(name) !== undefined;
}

function printTypes(ctx: Context, btf: Btf, types: readonly BtfType[]): void {
  const { json } = ctx;
  json?.startArray();
  for (const [i, type] of types.entries()) {
    const size = trySizeOf(btf, type.id);
    const c = definitionText(btf, type.id);
    if (json !== undefined) {
      json.startObject().field('id', type.id).field('kind', type.kind.toUpperCase()).field('name', type.name);
      if (size !== undefined) json.field('size', size);
      json.field('c', c).endObject();
    } else {
      const bytes = size === undefined ? '' : `, ${size} bytes`;
      ctx.print(`${i > 0 ? '\n' : ''}/* type ${type.id}: ${type.kind}${bytes} */\n${c}\n`);
    }
  }
  json?.endArray();
}

/** One line or object for each struct on the way, the last being the one that holds the member. */
function printPlaces(ctx: Context, btf: Btf, places: readonly MemberPlace[]): void {
  const { json } = ctx;
  json?.startArray();
  for (const { path, containerId, bitOffset, bitSize, isBitField, typeId } of places) {
    const size = trySizeOf(btf, typeId);
    const text = typeText(btf, typeId);
    // A bit-field may begin inside a byte: `byte` is the one it begins in.
    const byte = Math.floor(bitOffset / 8);
    if (json !== undefined) {
      json.startObject().field('path', path).field('container_id', containerId);
      json.field('byte_offset', byte).field('bit_offset', bitOffset);
      if (bitSize !== undefined) json.field('bit_size', bitSize);
      json.field('bit_field', isBitField);
      if (size !== undefined) json.field('size', size);
      json.field('type_id', typeId).field('type', text).endObject();
    } else {
      const width = isBitField ? `bit-field of ${bitSize} bits` : size === undefined ? 'no size' : `size ${size}`;
      ctx.print(`${path}: byte ${byte} (bit ${bitOffset}), ${width}, type_id ${typeId} (${text})\n`);
    }
  }
  json?.endArray();
}
