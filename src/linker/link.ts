import { Errno, ParseError } from '../errors/index.ts';
import { type DiagnosticLog, ObjectError } from '../object/index.ts';
import { appendExt } from './append-ext.ts';
import { appendSections } from './append-sections.ts';
import { appendSymbols } from './append-symbols.ts';
import { appendTypes } from './append-types.ts';
import { finishTypes } from './finish-types.ts';
import { Output } from './output.ts';
import { appendRelocations } from './relocations.ts';
import { type LinkInput, readSource } from './source.ts';
import { writeSymbols } from './symbols.ts';
import { writeElf } from './write-elf.ts';

/** How it is linked. */
export interface LinkOptions {
  /** Receives libbpf's diagnostics, without prefix and final newline. */
  readonly log?: DiagnosticLog;
}

const quiet: DiagnosticLog = () => {};
const sectionAlignment = 8;

/**
 * Links BPF object files into one, file by file. Its output is that of libbpf 1.8's linker, byte for byte.
 * After a failure nothing more can be added. Source: linker.c of libbpf.
 */
export class ObjectLinker {
  readonly #output: Output;

  constructor(options: LinkOptions = {}) {
    this.#output = new Output(options.log ?? quiet);
  }

  /** Adds a file; the bytes are not kept. ObjectError, after libbpf's warnings, where it does not fit those before. */
  add(input: LinkInput): void {
    const output = this.#output;
    asObjectError(() => {
      const source = readSource(input, {
        log: output.log,
        nowhere: output.sections[0]!,
        agreeOnOrder: (littleEndian) => output.agreeOnOrder(input.name, littleEndian),
      });
      appendSections(output, source);
      const symbolIndexes = appendSymbols(output, source);
      appendRelocations(output, source, symbolIndexes);
      if (source.types === undefined) return;
      const types = appendTypes(output, source, source.types);
      if (source.ext !== undefined) appendExt(output, source, source.ext, types);
    });
  }

  /** The linked object. ObjectError, after libbpf's warnings, where the types of the files cannot be brought together. */
  finish(): Uint8Array {
    return asObjectError(() => this.#finish());
  }

  #finish(): Uint8Array {
    const output = this.#output;
    const types = finishTypes(output);
    if (types !== undefined) {
      output.emit('.BTF', types.btf, sectionAlignment);
      if (types.ext !== undefined) output.emit('.BTF.ext', types.ext, sectionAlignment);
    }
    const [names, symbols] = output.inFile;
    const contents = [
      [names!, output.names.finish()],
      [symbols!, writeSymbols(output.symbols, output.littleEndian)],
    ] as const;
    for (const [section, bytes] of contents) {
      section.chunks.push({ offset: 0, bytes });
      section.size = bytes.length;
    }
    return writeElf(output);
  }
}

/**
 * Links BPF object files into one; see `ObjectLinker`. ObjectError where libbpf would refuse them, with the warning as its
 * message and the errno of libbpf.
 */
export function linkObjects(inputs: readonly LinkInput[], options: LinkOptions = {}): Uint8Array {
  const linker = new ObjectLinker(options);
  for (const input of inputs) linker.add(input);
  return linker.finish();
}

function asObjectError<T>(step: () => T): T {
  try {
    return step();
  } catch (cause) {
    if (!(cause instanceof ParseError)) throw cause;
    throw new ObjectError(cause.message, Errno.EINVAL, { cause });
  }
}
