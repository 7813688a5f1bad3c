import { Errno } from '../errors/index.ts';
import { failure } from '../object/index.ts';
import type { Output } from './output.ts';
import { isData, type OutputSection, type SourceSection } from './sections.ts';
import { readable } from './strings.ts';
import type { SourceObject } from './source-object.ts';

/** Sections of which all files have the same contents. */
const sharedSections: readonly string[] = ['license', 'version'];

/** Appends code, data and the shells of sections. Source: linker_append_sec_data of libbpf. */
export function appendSections(output: Output, source: SourceObject): void {
  for (const section of source.sections.slice(1)) {
    if (!isData(section)) continue;
    const known = output.findSection(section.name);
    if (known !== undefined) {
      if (!output.canJoin(known, section)) {
        throw failure(output.log, Errno.EINVAL, `ELF sections ${readable(section.name)} are incompatible`);
      }
      // Joined end to end, two licences would be one text that is none.
      if (sharedSections.includes(section.name)) {
        share(output, known, section);
        continue;
      }
    }
    output.extend(known ?? output.beginSection(section), section);
  }
}

function share(output: Output, known: OutputSection, section: SourceSection): void {
  if (!isSame(known, section)) {
    const text = `non-identical contents of section '${section.name}' are not supported`;
    throw failure(output.log, Errno.EINVAL, text);
  }
  section.skipped = true;
  section.target = known;
}

function isSame({ size, chunks }: OutputSection, { elf, contents }: SourceSection): boolean {
  if (size !== elf?.size) return false;
  const bytes = chunks[0]?.bytes ?? new Uint8Array(0);
  return Buffer.compare(bytes, contents) === 0;
}
