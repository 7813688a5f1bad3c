import { Elf } from '../elf/index.ts';
import { Kind, type BtfEdit } from '../btf/index.ts';
import { ObjectError, tell } from './failure.ts';
import type { ObjectDraft } from './draft.ts';

/**
 * Fills in what the compiler left open in the BTF of data sections: their sizes and the offsets of their variables.
 * Hidden variables become static, so that their maps are not exposed to mmap on their account.
 */
export function fixupDatasecs(draft: ObjectDraft, btf: BtfEdit): void {
  for (const id of [...btf.idsOfKind(Kind.datasec)]) fixupDatasec(draft, btf, id);
}

/** libbpf says of these only what it does, not that it fails. */
function loggedError(draft: ObjectDraft, text: string, errno: number): ObjectError {
  tell(draft.log, () => text);
  return new ObjectError(text, errno);
}

function fixupDatasec(draft: ObjectDraft, btf: BtfEdit, id: number): void {
  const name = btf.name(id);
  const variables = btf.variables(id);
  // Sections of externs have their layout already.
  if (name !== '.kconfig' && name !== '.ksyms') {
    let open = false;
    // Clang leaves sizes and offsets zero, since only ELF symbols have them; objects of the static linker have both.
    if (btf.size(id) === 0) {
      const section = draft.elf.sections.find((candidate) => candidate.name === name);
      if (!section || section.size === 0) {
        throw loggedError(
          draft,
          `sec '${name}': failed to determine size from ELF: size ${section?.size ?? 0}, err -ENOENT`,
          2,
        );
      }
      btf.setSize(id, section.size);
      open = true;
    }
    for (const variable of variables) {
      if (!btf.has(variable.typeId) || btf.kind(variable.typeId) !== Kind.var) {
        throw loggedError(draft, `sec '${name}': unexpected non-VAR type found`, 22);
      }
      // Static variables have no ELF symbol that could be found by name.
      if (btf.varLinkage(variable.typeId) !== 1) continue;
      const variableName = btf.name(variable.typeId);
      const symbol = draft.elf.symbols.find(
        (candidate) =>
          candidate.type === Elf.STT_OBJECT && candidate.binding !== Elf.STB_LOCAL && candidate.name === variableName,
      );
      if (!symbol) throw loggedError(draft, `sec '${name}': failed to find ELF symbol for VAR '${variableName}'`, 2);
      if (open) variable.offset = symbol.value;
      if (symbol.visibility === Elf.STV_HIDDEN || symbol.visibility === Elf.STV_INTERNAL) {
        btf.setVarLinkage(variable.typeId, 0);
      }
    }
  }
  // The kernel refuses a DATASEC whose variables are not in ascending order.
  variables.sort((a, b) => a.offset - b.offset);
  btf.setVariables(id, variables);
}
