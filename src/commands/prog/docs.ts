// What `help prog` and the manual page say beyond the usage text; imported for those only.
import type { FamilyDocs } from '../../cli/index.ts';

export const progDocs: FamilyDocs = {
  details:
    'Programs are named by their id, the path of a pin, their name, or their tag, a hash of their instructions; several may share a name ' +
    'or a tag.',
  words: {
    PROG: 'A program: by its id, the path of a pin, its tag, or its name.',
    MAP: 'A map: by its id, the path of a pin, or its name.',
    OBJ: 'An object file, as clang -target bpf or gcc makes it.',
    PATH: 'A path on a BPF file system.',
    FILE: 'A path.',
    TYPE: 'What a program is for, as sections are called: xdp, kprobe, cgroup/connect4',
    ATTACH_TYPE: 'Where: one of the names below.',
    METRIC: 'What is counted.',
    IDX: 'Number of the map in the object, in the order of its file.',
    NAME: 'A name, up to 15 bytes.',
    IFNAME: 'A network device.',
    N: 'A number.',
    L: 'A length in bytes.',
    M: 'A length in bytes.',
    SECONDS: 'How long.',
    MAP_DIR: 'A folder on a BPF file system.',
  },
  verbs: {
    show: {
      details:
        'Lists every program of the system, or those that are named: id, type, name, tag, licence, when and by whom it was loaded, sizes, ' +
        'memory, maps, BTF, processes that hold it, and run time where statistics are switched on (sysctl kernel.bpf_stats_enabled).',
      examples: [
        { line: 'tsbpftool prog show', summary: 'Lists all programs.' },
        { line: 'tsbpftool -f prog show name hello', summary: 'Prints those called hello, with their pins.' },
      ],
    },
    dump: {
      details:
        'xlated: the instructions as the kernel has them after verification. jited: the machine code. opcodes adds the bytes, linum lines ' +
        'of the source, visual draws a graph for dot(1); file writes the bytes themselves.',
      examples: [
        {
          line: 'tsbpftool prog dump xlated name hello linum',
          summary: 'Prints the instructions with lines of the source.',
        },
        { line: 'tsbpftool prog dump xlated name hello visual > hello.dot', summary: 'Draws their order.' },
      ],
    },
    pin: {
      details: 'The program stays as long as the pin.',
      examples: [{ line: 'tsbpftool prog pin id 17 /sys/fs/bpf/hello', summary: 'Keeps program 17.' }],
    },
    load: {
      details:
        'Its maps stay with it. type says what it is for where its section does not. map ' +
        'takes a map that is there already in the place of one of the object. pinmaps pins the maps. autoattach attaches it as its section says and ' +
        'pins the link. kernel_btf takes types of the kernel from a file. With -L it is loaded by a loader program, with -S by a signed one.',
      examples: [
        {
          line: 'tsbpftool prog load hello.bpf.o /sys/fs/bpf/hello pinmaps /sys/fs/bpf/maps',
          summary: 'Loads and pins a program and its maps.',
        },
        {
          line: `tsbpftool prog load hello.bpf.o /sys/fs/bpf/hello --set 'greeting="Hi"' --explain`,
          summary: 'Changes a variable first, and explains a refusal.',
        },
      ],
    },
    loadall: {
      details:
        'As load, all programs of the object: each is pinned in the folder PATH under its name. Where one fails, none stays.',
      examples: [
        { line: 'tsbpftool prog loadall hello.bpf.o /sys/fs/bpf/hello autoattach', summary: 'Loads and attaches all.' },
      ],
    },
    attach: {
      details: 'Attaches a program to a map of sockets, or the flow dissector to the network namespace.',
      examples: [
        {
          line: 'tsbpftool prog attach name verdict sk_skb_stream_verdict name sockets',
          summary: 'Judges what sockets receive.',
        },
      ],
    },
    detach: { details: 'Takes back what attach did.' },
    tracelog: {
      details:
        'Prints what programs write with bpf_printk until it is interrupted, from the trace pipe, which has one reader only. With stdout or ' +
        'stderr and a program: what that wrote to its stream.',
      examples: [{ line: 'tsbpftool prog tracelog', summary: 'Prints lines until Ctrl-C.' }],
    },
    run: {
      details:
        'Runs a program with data and a context from files (- is standard input) and prints what it returned, the data afterwards, and how long ' +
        'it took on average of repeat runs.',
      examples: [
        { line: 'tsbpftool prog run name filter data_in packet.bin repeat 1000', summary: 'Runs it on a packet.' },
      ],
    },
    profile: {
      details:
        'Counters are read by programs at the beginning and the end of its function, which takes BTF. cpu_clock, task_clock ' +
        "and run_time are nanoseconds, need no counter of the processor, and are not in bpftool; run_time is the kernel's own " +
        'statistics of any program, which need nothing else. Up to four counters go together.',
      examples: [
        { line: 'tsbpftool prog profile name filter duration 10 run_time', summary: 'Measures for ten seconds.' },
      ],
    },
  },
};
