// Source: codegen_datasecs, codegen_subskel_datasecs and codegen_asserts of gen.c (bpftool).
import { Errno } from '../../errors/index.ts';
import { type Btf, type BtfDatasec, type CDeclarationWriter, tryResolve } from '../../btf/index.ts';
import { ObjectError } from '../../object/index.ts';
import type { CodeText } from './code-text.ts';
import { declarationWriter, isPerCpuData, type SkeletonModel, type SkeletonVariable, shownVariables } from './model.ts';
import { sectionIdentifier, variableIdentifier } from './names.ts';

/** Bytes; C is laid out for 32-bit machines too, where nothing is aligned to more. */
const largestAlignment = 4;

/** A struct for each map whose contents are mapped, with its variables as members. */
export function writeSections(out: CodeText, model: SkeletonModel): void {
  const { btf } = model;
  if (btf === undefined) return;
  const writer = declarationWriter(model);
  for (const { contents, section } of model.maps) {
    if (contents === undefined) continue;
    // Sections without types, such as .rodata.cst16, have no variables to show.
    if (section === undefined) out.put(`\tstruct ${model.name}__${contents} {\n\t} *${contents};\n`);
    else writeSection({ out, btf, writer, model }, section);
  }
}

interface Writing {
  readonly out: CodeText;
  readonly btf: Btf;
  readonly writer: CDeclarationWriter;
  readonly model: SkeletonModel;
}

function writeSection({ out, btf, writer, model }: Writing, section: BtfDatasec): void {
  const identifier = sectionIdentifier(section.name)!;
  out.put(`\tstruct ${model.name}__${identifier} {\n`);
  let end = 0;
  let gaps = 0;
  for (const variable of shownVariables(btf, section)) {
    const { offset, typeId } = variable;
    if (end > offset) {
      const text = `Something is wrong for ${section.name}'s variable #${variable.index}: need offset ${offset}, already at ${end}.\n`;
      throw new ObjectError(text, Errno.EINVAL);
    }
    const alignment = alignmentOf(writer, btf, variable, model.warn);
    if (Math.ceil(end / alignment) * alignment !== offset) out.put(`\t\tchar __pad${gaps++}[${offset - end}];\n`);
    // Variables of other sections lose `const` and `volatile`, so that user space can set them before the load.
    const unmodified = section.name !== '.kconfig';
    out.put('\t\t');
    out.utf8(writer.declaration({ typeId, name: variableIdentifier(variable.name), level: 2, unmodified }));
    out.put(';\n');
    end = offset + variable.size;
  }
  out.put(`\t} *${identifier};\n`);
}

function alignmentOf(
  writer: CDeclarationWriter,
  btf: Btf,
  { typeId, name }: SkeletonVariable,
  warn: (message: string) => void,
): number {
  const alignment = writer.align(typeId);
  if (alignment > 0) return Math.min(alignment, largestAlignment);
  warn(`unsupported BTF_KIND:${btf.kindNumber(typeId)}`);
  throw new ObjectError(`Failed to determine alignment of variable '${name}': ${alignment}`, Errno.EINVAL);
}

/**
 * As `writeSections`, for a subskeleton: members point at the variables, wherever they come to lie. Those of which each
 * processor has its own are not shown.
 */
export function writeSectionPointers(out: CodeText, model: SkeletonModel): void {
  const { btf } = model;
  if (btf === undefined) return;
  const writer = declarationWriter(model);
  for (const map of model.maps) {
    const { section } = map;
    if (section === undefined || isPerCpuData(map)) continue;
    const identifier = sectionIdentifier(section.name)!;
    out.put(`\tstruct ${model.name}__${identifier} {\n`);
    for (const { typeId, name } of shownVariables(btf, section)) {
      // So that a star before the name is all it takes.
      const byTypeof = needsTypeof(btf, typeId);
      const unmodified = section.name !== '.kconfig';
      out.put(byTypeof ? '\t\t__typeof__(' : '\t\t');
      out.utf8(writer.declaration({ typeId, name: '', level: 2, unmodified }));
      out.put(`${byTypeof ? ')' : ''} *${name};\n`);
    }
    out.put(`\t} ${identifier};\n`);
  }
}

function needsTypeof(btf: Btf, typeId: number): boolean {
  const type = tryResolve(btf, typeId);
  if (type?.kind === 'ptr') return btf.typeById(type.typeId)?.kind === 'func_proto';
  return type?.kind === 'array';
}

/** Assertions that the variables have the sizes that the object says. */
export function writeAssertions(out: CodeText, model: SkeletonModel): void {
  const { btf, name } = model;
  if (btf === undefined) return;
  const writer = declarationWriter(model);
  out.put(`__attribute__((unused)) static void
${name}__assert(struct ${name} *s __attribute__((unused)))
{
#ifdef __cplusplus
#define _Static_assert static_assert
#endif
`);
  for (const { contents, section } of model.maps) {
    if (section === undefined) continue;
    for (const variable of shownVariables(btf, section)) {
      const size = writer.size(variable.typeId);
      if (size === undefined) continue;
      const member = variableIdentifier(variable.name);
      const text = `"unexpected size of '${member}'"`;
      out.put(`\t_Static_assert(sizeof(s->${contents}->${member}) == ${size}, ${text});\n`);
    }
  }
  out.put(`#ifdef __cplusplus
#undef _Static_assert
#endif
}
`);
}
