// What `help map` and the manual page say beyond the usage text; imported for those only.
import type { FamilyDocs } from '../../cli/index.ts';

const json =
  'Where the map has BTF, json TEXT may stand in the place of bytes: `key json 501 value json \'{"message":"Hi"}\'`. What does not ' +
  'fit the type is refused with its path, before anything is written.';
const taken = 'What is taken out is gone from the map.';

export const mapDocs: FamilyDocs = {
  details:
    'Maps are named by their id, by the path of a pin, or by their name, which several maps may have: then `show` and `dump` print all ' +
    'of them, and what changes a map refuses. Names are at most 15 bytes long. Keys and values are given byte by byte, as many as the ' +
    'map says, in the order of memory: decimal numbers, octal with a leading 0, hexadecimal with a leading 0x, or, after the word hex, ' +
    'hexadecimal digits without it. Bytes from -128 to 255 are taken.',
  words: {
    MAP: 'A map: by its id, the path of a pin, or its name.',
    DATA: 'Bytes; after hex, hexadecimal ones.',
    PROG: 'A program, as the value in a map of programs.',
    VALUE: 'Bytes, or in a map of maps or programs the map or program.',
    UPDATE_FLAGS: 'any: set or replace (the default); noexist: only set; exist: only replace.',
    TYPE: 'A type of map, such as hash, array, lpm_trie or ringbuf.',
    FILE: 'A path. Pins must be on a BPF file system, which is mounted where it is not.',
    KEY_SIZE: 'Bytes of a key.',
    VALUE_SIZE: 'Bytes of a value.',
    MAX_ENTRIES: 'Most elements; of a ring buffer its size in bytes, a power of two and a multiple of the page size.',
    FLAGS: 'Flags of creation as a number: 1 for an LPM trie (BPF_F_NO_PREALLOC).',
    NAME: 'A name, up to 15 bytes.',
    N: 'Number of a CPU.',
    M: 'Index of its buffer in the map.',
  },
  verbs: {
    show: {
      details:
        'Lists every map of the system, or those that are named: id, type, name, flags, sizes, memory, processes that hold it, and whether it ' +
        'is frozen. With -f the paths at which each is pinned.',
      examples: [
        { line: 'tsbpftool map show', summary: 'Lists all maps.' },
        { line: 'tsbpftool -p map show name config', summary: 'Prints the maps called config as JSON.' },
      ],
    },
    dump: {
      details:
        'Prints every element: decoded where the map has BTF, else in hexadecimal. With -j each element has its bytes and, where there is ' +
        'BTF, what they mean. Elements that change meanwhile may be missing or appear twice.',
      examples: [
        { line: 'tsbpftool map dump name config', summary: 'Prints the elements of the map config.' },
        { line: 'tsbpftool -j map dump id 5', summary: 'Prints the elements of map 5 as JSON.' },
      ],
    },
    update: {
      details: `Values of per-CPU maps are set on every CPU. ${json}`,
      examples: [
        {
          line: 'tsbpftool map update name config key 0x2 0 0 0 value hex 48 65 6c 6c 6f 20 32 00 00 00 00 00 00',
          summary: 'Sets the value of the key 2 to the text Hello 2.',
        },
        { line: 'tsbpftool map update id 5 key 1 0 0 0 value 7 0 0 0 noexist', summary: 'Sets it unless it is there.' },
      ],
    },
    lookup: {
      details: `Where there is none: Not found, and exit status 254. ${json}`,
      examples: [
        { line: 'tsbpftool map lookup name config key 2 0 0 0', summary: 'Prints the value of the key 2.' },
        {
          line: 'tsbpftool map lookup name blocked key ip 10.1.2.3',
          summary: 'Prints what a trie has for an address.',
        },
      ],
    },
    getnext: {
      details: 'Without a key the first. Exit status 254 after the last.',
      examples: [{ line: 'tsbpftool map getnext id 5', summary: 'Prints the first key.' }],
    },
    delete: {
      details: `Elements of arrays cannot be removed. ${json}`,
      examples: [{ line: 'tsbpftool map delete name config key 2 0 0 0', summary: 'Removes the key 2.' }],
    },
    pin: {
      details:
        'The map stays as long as the pin. Where the folder is on another file system, a BPF file system is mounted over it, as bpftool does, and ' +
        'hides the files there until it is unmounted (umount FOLDER); -n prevents that. A name with a dot is refused by the kernel.',
      examples: [
        {
          line: 'tsbpftool map pin name config /sys/fs/bpf/config',
          summary: 'Keeps the map config until the file is removed.',
        },
      ],
    },
    event_pipe: {
      details:
        'Prints the events of a perf event array until it is interrupted: of every CPU, or of one whose index is given. Its owner gets none ' +
        'meanwhile. `map events` reads ring buffers too, and decodes.',
      examples: [{ line: 'tsbpftool map event_pipe name output', summary: 'Prints events until Ctrl-C.' }],
    },
    create: {
      details:
        'Makes a map and pins it, which keeps it. Ring buffers have key 0 and value 0; queues and stacks key 0. The inner map of a map of ' +
        'maps is a sample: those that are put in must be alike.',
      examples: [
        {
          line: 'tsbpftool map create /sys/fs/bpf/config type hash key 4 value 13 entries 64 name config',
          summary: 'Makes a hash of 64 elements.',
        },
        {
          line: 'tsbpftool map create /sys/fs/bpf/blocked type lpm_trie key 8 value 4 entries 100 name blocked flags 1',
          summary: 'Makes a trie of IPv4 prefixes.',
        },
      ],
    },
    peek: { details: 'Exit status 254 where it is empty.' },
    push: { details: 'Refused where it is full.' },
    pop: { details: `${taken} Exit status 254 where it is empty.` },
    enqueue: { details: 'Refused where it is full.' },
    dequeue: { details: `${taken} Exit status 254 where it is empty.` },
    freeze: {
      details:
        'From then on user space cannot change the map, programs still can (unless it was made with BPF_F_RDONLY_PROG). It cannot be undone.',
      examples: [
        { line: 'tsbpftool map freeze name config', summary: 'Makes the map config read-only for user space.' },
      ],
    },
  },
};
