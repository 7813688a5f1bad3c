// JSON Schemas of what `version` prints with -j, as `schema` shows them; tests hold both programs to those of the
// reference's verbs.
import { flag, type OutputSchemas, outputOf, record, text } from '../shared/json-schema.ts';

const number = '^[0-9]+\\.[0-9]+';

export const versionSchemas: OutputSchemas = outputOf(
  'version',
  'The versions of the program and what it can do.',
  record(
    'Versions.',
    {
      version: text('Version of bpftool that it is, or matches', number),
      libbpf_version: text('Version of libbpf that it is built with, or matches', number),
      features: record('What it was built with.', {
        libbfd: flag('Disassembly of machine code with libbfd'),
        llvm: flag('Disassembly of machine code with LLVM'),
        crypto: flag('Signing of programs'),
        skeletons: flag('Commands that load BPF programs of its own'),
        bootstrap: flag('A reduced program for building others'),
      }),
    },
    { tsbpftool_version: text('Version of tsbpftool; not under the name bpftool', number) },
  ),
);
