import { decodeUtf8 } from '../../bytes/index.ts';
import { ParseError } from '../../errors/index.ts';
import { rawText } from '../raw/text.ts';
import type { Btf } from '../parse.ts';
import { withinStack } from '../within-stack.ts';
import { CDeclarations } from './declare.ts';
import { ByteText } from '../byte-text.ts';

/**
 * One type as C, without what it needs: the definition of a struct, union, enum or typedef, the declaration of a
 * function or variable, else the type's own text. Types that C lacks (sections, tags) are comments. Throws ParseError
 * where types are damaged.
 */
export function definitionText(btf: Btf, id: number): string {
  return withinStack(() => definition(btf, id));
}

function definition(btf: Btf, id: number): string {
  const type = btf.mustType(id);
  let text = '';
  const out = new ByteText((utf8) => {
    text += decodeUtf8(utf8);
  });
  const warn = (message: string) => {
    throw new ParseError('BTF', 0, message);
  };
  const declarations = new CDeclarations(btf, out, warn);
  switch (type.kind) {
    case 'struct':
    case 'union':
      declarations.composite(id, 0);
      break;
    case 'enum':
    case 'enum64':
      declarations.enumeration(id, 0);
      break;
    case 'typedef':
      declarations.typedef(id);
      break;
    case 'func':
    case 'var':
      out.put(['static ', '', 'extern '][type.linkage] ?? '');
      declarations.declaration(type.typeId, type.name, 0);
      break;
    case 'datasec':
    case 'decl_tag':
    case 'unknown':
      return `/* ${rawText(btf, type).trimEnd().replaceAll('*/', '*\\/')} */`;
    default:
      declarations.declaration(id, '', 0);
  }
  out.flush();
  return `${text};`;
}
