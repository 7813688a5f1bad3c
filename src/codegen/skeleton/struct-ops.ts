// Source: gen_st_ops_shadow and gen_st_ops_shadow_init of gen.c (bpftool).
import { Errno } from '../../errors/index.ts';
import { type Btf, type CDeclarationWriter, tryResolve } from '../../btf/index.ts';
import { ObjectError } from '../../object/index.ts';
import type { CodeText } from './code-text.ts';
import { declarationWriter, isStructOps, pointerSize, type SkeletonMap, type SkeletonModel } from './model.ts';

/** Types of the values of struct_ops maps, whose programs and scalars may be set. */
export function writeStructOps(out: CodeText, model: SkeletonModel): void {
  const { btf } = model;
  const maps = model.maps.filter(isStructOps);
  if (btf === undefined || maps.length === 0) return;
  out.put('\tstruct {\n');
  for (const map of maps) writeShadow({ out, btf, model }, map);
  out.put('\t} struct_ops;\n');
}

interface Writing {
  readonly out: CodeText;
  readonly btf: Btf;
  readonly model: SkeletonModel;
}

function writeShadow({ out, btf, model }: Writing, { identifier, spec }: SkeletonMap): void {
  const { graph } = btf;
  const id = spec.valueTypeId;
  if (id === 0 || id > btf.typeCount) throw new ObjectError('', Errno.EINVAL);
  const writer = declarationWriter(model);
  out.put(`\t\tstruct ${model.name}__${identifier}__${btf.mustType(id).name} {\n`);
  let end = 0;
  // Members are three words: name, type, offset in bits.
  for (let index = 0, at = graph.elements(id); index < graph.vlen(id); index++, at += 3) {
    const name = btf.str(graph.words[at]!);
    const typeId = graph.words[at + 1]!;
    // Bit-fields are not looked at: their widths count as a part of the offset.
    const offset = graph.words[at + 2]! >>> 3;
    if (end < offset) out.put(`\t\t\tchar __padding_${index}[${offset - end}];\n`);
    end = offset + writeMember({ out, btf, writer }, { index, name, typeId });
  }
  const size = writer.size(id) ?? 0;
  if (end < size) out.put(`\t\t\tchar __padding_end[${size - end}];\n`);
  out.put(`\t\t} *${identifier};\n`);
}

/** Writes a member and returns how many bytes it takes. What is neither scalar nor function is only room. */
function writeMember(
  { out, btf, writer }: { out: CodeText; btf: Btf; writer: CDeclarationWriter },
  member: { index: number; name: string; typeId: number },
): number {
  const type = tryResolve(btf, member.typeId);
  // libbpf replaces pointers to programs by their descriptors when the object is loaded.
  if (type?.kind === 'ptr' && tryResolve(btf, type.typeId)?.kind === 'func_proto') {
    out.put(`\t\t\tstruct bpf_program *${member.name};\n`);
    return pointerSize;
  }
  const isScalar = type?.kind === 'int' || type?.kind === 'float' || type?.kind === 'enum' || type?.kind === 'enum64';
  if (isScalar) {
    out.put('\t\t\t');
    out.utf8(writer.declaration({ typeId: type.id, name: member.name, level: 3 }));
    out.put(';\n');
  }
  const size = type === undefined ? undefined : writer.size(type.id);
  if (size === undefined) throw new ObjectError(`Failed to resolve size of ${member.name}: -22\n`, Errno.EINVAL);
  if (!isScalar) out.put(`\t\t\tchar __unsupported_${member.index}[${size}];\n`);
  return size;
}

/** Code that finds the values of struct_ops maps once an object is open. */
export function writeStructOpsPointers(out: CodeText, model: SkeletonModel): void {
  if (model.btf === undefined) return;
  for (const { identifier } of model.maps.filter(isStructOps)) {
    out.put(`\tobj->struct_ops.${identifier} = (__typeof__(obj->struct_ops.${identifier}))
\t\tbpf_map__initial_value(obj->maps.${identifier}, NULL);

`);
  }
}
