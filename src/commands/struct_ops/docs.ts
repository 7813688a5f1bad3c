// What `help struct_ops` and the manual page say beyond the usage text; imported for those only.
import type { FamilyDocs } from '../../cli/index.ts';

export const structOpsDocs: FamilyDocs = {
  details:
    'A struct_ops map is a struct of function pointers of the kernel whose functions are BPF programs, such as those of a congestion control.',
  words: {
    STRUCT_OPS_MAP: 'A map that is registered: by its id or its name; without it all.',
    STRUCT_OPS_MAP_ID: 'The id of the map.',
    STRUCT_OPS_MAP_NAME: 'The name of the map: that of its variable in the source.',
    OBJ: 'An object file with sections .struct_ops or .struct_ops.link.',
    LINK_DIR: 'A folder on a BPF file system, in which the links are pinned.',
  },
  verbs: {
    show: {
      details: 'Lists id, name and type of each.',
      examples: [{ line: 'tsbpftool struct_ops show', summary: 'Lists what is registered.' }],
    },
    dump: {
      details: 'Prints the whole struct of each, as the kernel has it, with the ids of its programs.',
      examples: [{ line: 'tsbpftool struct_ops dump', summary: 'Prints all of them.' }],
    },
    register: {
      details:
        'Loads the object and registers each of its maps with the kernel. Those of .struct_ops stay registered by themselves, until they are ' +
        'unregistered; those of .struct_ops.link by a link, which goes with this command unless LINK_DIR is given.',
      examples: [
        { line: 'tsbpftool struct_ops register congestion.bpf.o', summary: 'Registers a congestion control.' },
      ],
    },
    unregister: {
      details: 'Takes back what register did for maps of .struct_ops; a link is detached, or its pin removed, instead.',
    },
  },
};
