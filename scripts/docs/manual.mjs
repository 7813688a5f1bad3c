// What manual pages say beyond help: paragraphs on verbs, sections of their own, and what holds for every command.

/** What options of every command do, at length, by their short names. @type {Readonly<Record<string, string>>} */
export const optionNotes = {
  j: 'Commands that have nothing to say print null. With some commands each line is a document of its own: those are named in tsbpftool-schema(8), which prints the JSON Schema of what any command prints.',
  h: 'With an object or a verb on the line, and for commands that bpftool lacks, it explains them.',
  p: 'The document is the same; it is broken into lines and indented.',
  V: 'The first line is that of this program; the others name the versions whose behaviour it has, and parts that builds of bpftool may lack, all of which are here.',
  f: 'All BPF file systems that are mounted are walked, which takes time where they hold many files.',
  m: 'Without it an object whose definitions of maps have members that are not known is refused.',
  n: 'Without it a BPF file system is mounted where a pin needs one and there is none, and the trace file system where the trace log is read.',
  d: "The loader tells each step that it takes on standard error; the verifier's log is printed for programs that load as well.",
  L: 'The loader program makes the maps, loads the BTF and the programs inside the kernel by one run. prog load then takes no path, pins nothing, and ends after the run: this shows whether such a loader works. gen skeleton writes a light skeleton, which needs neither libbpf nor libelf when it runs.',
  S: 'The signature covers the loader program and the data that it loads, as PKCS#7, and the kernel checks it against the keys that it trusts or those of the session keyring. Without -k and -i it is refused.',
  B: 'Needed for BTF of modules from other kernels. For files below /sys/kernel/btf and for BTF objects of the running kernel the base is found without it.',
  i: 'It names the key in the signature, and is not itself put into the output.',
  k: 'It is read and used only while this command runs.',
  netns:
    'The commands that look at devices, flow dissectors, netfilter hooks and offloaded objects, and those that attach to them, enter it first; files are still those of the caller. It takes CAP_SYS_ADMIN.',
};

export const exitStatus =
  'Success is 0. A mistake on the line and most failures are 255. Where a system call decides the outcome, the status is the low ' +
  'byte of its negative errno: 254 for an element that is not there (ENOENT), 255 for EPERM, 243 for EACCES, 234 for EINVAL. ' +
  'link detach has 1 for all failures. After a signal that ended it early the status is that of the signal, unless the command is one ' +
  'that runs until it is interrupted: then it is 0. Errors are told on standard error; with -j as an object with the member error on ' +
  'standard output, so that what reads it need not look elsewhere.';

/** @type {readonly (readonly [string, string])[]} */
export const files = [
  [
    '/sys/fs/bpf',
    'Where the BPF file system usually is. Pins in it keep objects; files are removed with rm(1), which lets the object go.',
  ],
  ['/sys/kernel/btf/vmlinux', 'The types of the running kernel. Beside it are those of its modules.'],
  ['/proc/PID/fdinfo', 'Says which processes have which objects open, as far as the caller may look.'],
  [
    '/boot/config-VERSION, /proc/config.gz',
    'The configuration of the kernel, for externs of objects and for feature probe.',
  ],
];

/** @type {readonly (readonly [string, string])[]} */
export const environment = [
  ['NO_COLOR', 'Where it is set and not empty, nothing is coloured. Colours are used only at terminals anyway.'],
  ['TERM', 'dumb, or its absence, means a terminal without colours.'],
  ['COLUMNS', 'The width of help texts that go to a file or a pipe; at a terminal its own width counts.'],
  ['LANG, LC_CTYPE, LC_ALL', 'Whether UTF-8 can be shown. Messages are in English everywhere.'],
  [
    'LIBBPF_LOG_LEVEL',
    'How much the loader tells: warn, info (unless stated) or debug. -d has the same effect as debug.',
  ],
  [
    'LIBBPF_BPF_TOKEN_PATH',
    'A BPF file system that delegates rights: objects are loaded with a token from it, as tsbpftool-token(8) says.',
  ],
  ['POSIXLY_CORRECT', 'Where it is set, options end at the first word that is none.'],
];

/**
 * By object: more on its verbs, as paragraphs, and sections of its own.
 * @type {Readonly<Record<string, {verbs?: Readonly<Record<string, readonly string[]>>, sections?: readonly (readonly [string, readonly string[]])[]}>>}
 */
export const manual = {
  prog: {
    verbs: {
      show: [
        'The first line of a program has its id and type, then what the kernel tells: name, tag, gpl where its licence is compatible, the device of offloaded ones, how often it was passed over because it was running already (recursion_misses), and, while the kernel measures, run_time_ns and run_cnt. The second line has the time of loading and the user, the third the sizes of its instructions before (xlated) and after translation to machine code (jited), the locked memory, and the ids of its maps. What its author wrote into the section .rodata under names that begin with bpf_metadata_ is printed as metadata.',
        'Measuring costs each run some nanoseconds, so it is off unless somebody switches it on: sysctl kernel.bpf_stats_enabled=1, or prog profile with run_time for as long as it takes. tsbpftool-top(8) shows the same numbers as rates.',
        'Processes are found by their open descriptors, so programs that are held by a pin, a link or another object only have no pids line; tsbpftool-why(8) says what keeps them.',
      ],
      dump: [
        'Where several programs match, each is printed after its header. file and visual want exactly one.',
        'Instructions are printed as the kernel disassembles them: registers r0 to r10, memory as *(u32 *)(r1 + 4), jumps with their distance, calls with the name of the helper or function. Addresses of maps and functions are replaced by their names, where the caller may see addresses (sysctl kernel.kptr_restrict and bpf_jit_harden). Where the program has line information the line of the source stands above its instructions; linum adds file, line and column.',
        'visual prints a graph in the language of dot(1): a box for each basic block, an arrow for each jump, one cluster for each function.',
        'jited needs the machine code to be visible to the caller; it is disassembled here, without other libraries, for x86-64. file writes the bytes as they are in memory, for another disassembler.',
      ],
      load: [
        'The object is opened as libbpf opens it: sections say what their programs are for, .maps what maps there are, .data, .rodata and .bss become maps of one element with the values of global variables, .BTF and .BTF.ext bring types and line numbers, .kconfig values of the configuration of the kernel. Programs with CO-RE relocations fit the running kernel, whose types are read from /sys/kernel/btf/vmlinux, or from the file after kernel_btf. Programs that attach to functions of the kernel, and struct_ops, need the real one all the same.',
        'load pins the first program only; loadall makes a folder and pins each under its name. Whatever fails, nothing stays behind: what was pinned is unpinned, what was attached is detached.',
        'map idx counts the maps of the object from 0 in the order of their definition. The map that is given must have the type and sizes that the program expects. pinmaps makes the folder if it is not there. Maps that declare to be pinned by name are shared through /sys/fs/bpf without any word.',
        'autoattach attaches first, then pins the link instead of the program, so that removing the pin detaches it; programs whose section does not say where they go are pinned as usual, with a message. offload_dev gives the program to a network device that runs it itself, xdpmeta_dev ties it to a device whose metadata it reads.',
        'What the verifier refuses is told with the end of its log. --explain says in addition which line of the source it was, what the registers held there, and what usually helps; --set changes global variables before anything is loaded: --set limit=99, --set mode="SLOW", --set config={"ports":[443]} (in quotes for the shell), by the types of the object, and members that are not named stay as they are.',
        'A name with a dot cannot be a pin: the kernel reserves it.',
      ],
      attach: [
        'sk_msg_verdict, sk_skb_verdict, sk_skb_stream_verdict and sk_skb_stream_parser need the map of sockets (sockmap or sockhash) whose sockets they judge. flow_dissector takes no map. What needs a device is in tsbpftool-net(8), what needs a control group in tsbpftool-cgroup(8); everything that has a link is attached by autoattach.',
      ],
      detach: ['The words are those of attach; the map and the program must be the same.'],
      tracelog: [
        'The pipe is one for the whole system: lines of all programs come, each with the process on whose behalf the program ran, the processor, the time and the text, and every line reaches one reader only. For more than debugging, programs write to ring buffers, which map events reads.',
        'stdout and stderr are streams of one program, which need a kernel that has them; the kernel writes to stderr what went wrong at run time, such as a deadlock or a page fault in an arena. The streams are printed to their end, not followed.',
      ],
      run: [
        'Nothing is attached, and no real packet is touched: the kernel calls the program as a test. data_in is the packet, from the Ethernet header on, for types that see packets; ctx_in the context, a struct such as __sk_buff or xdp_md in the order of memory. data_out and ctx_out write what they have become, to a file or, with -, as hexadecimal text; data_size_out and ctx_size_out say how much room that has (32 kB unless stated). Both inputs cannot be standard input.',
        'The time printed is an average over all runs of repeat, in nanoseconds. Types that the kernel cannot run so are refused with an error of its own.',
      ],
      profile: [
        'The counters of the processor are opened for every processor and read at each entry and exit of the function, so that only what happens inside is counted. Where more are wanted than the processor has, the kernel takes turns, and the share of the time that was measured is printed. Without duration it runs until Ctrl-C. Virtual machines often have no such counters: run_time and the clocks work there too.',
      ],
    },
    sections: [
      [
        'PERMISSIONS',
        [
          'Listing programs, and opening them by id, name or tag, takes CAP_SYS_ADMIN; loading them CAP_BPF, with CAP_PERFMON for tracing and CAP_NET_ADMIN for networking. Through a pin the mode of its file counts. With a token of a BPF file system that delegates them, processes of a user namespace load too.',
        ],
      ],
    ],
  },
  map: {
    sections: [
      [
        'PERMISSIONS',
        [
          'Opening a map by its id or name takes CAP_SYS_ADMIN; through a pin the mode of the file counts. A map that was made with BPF_F_RDONLY or BPF_F_WRONLY can only be read or written.',
        ],
      ],
    ],
  },
  btf: {
    verbs: {
      show: [
        'The BTF of the kernel is called vmlinux, that of a module by the name of the module; others are anonymous, and what they belong to is seen by prog_ids and map_ids. Ids are given anew at each boot and not used again until then.',
      ],
      dump: [
        'In format raw each record has a line with its number, kind, name and what it consists of: [3] STRUCT point size=8 vlen=2, then a line for each member with its type and its place in bits. Numbers of split BTF go on where those of its base end. With -j the same facts are members of objects.',
        'In format c everything is declared before it is used; a struct that is only pointed at is declared without its members, and padding and alignment are written out where C would place members otherwise. The result compiles on its own, as bpftool writes it, so it can be included by programs in the place of the headers of the kernel.',
        'root_id may stand together with either format, and several times; it does not go with key, value, kv or all. The number is looked up with format raw or with btf find, which knows names and members.',
        'Several files are merged: this is meant for modules of one kernel, whose types would otherwise repeat those of others. If the base itself is among them it is passed over, since it is loaded anyway.',
      ],
    },
    sections: [
      [
        'NOTES',
        [
          'Damaged BTF is refused before anything of it is printed. Files of machines with the other byte order are read as well.',
          'Programs in TypeScript get declarations of the same types by btf types, as the library of this package gives values of them: numbers, bigints where 64 bits are needed, text for arrays of characters, objects for structs.',
        ],
      ],
    ],
  },
  gen: {
    verbs: {
      object: [
        'All inputs must be BPF objects of the same byte order. Sections of code, data, maps and licences with the same name are put one after the other, aligned as they ask. Global functions and variables of the same name must be the same thing: a strong definition replaces weak ones, two strong ones are an error that names the symbol and the files, and an extern takes the definition of another file, provided that their types agree. Static functions and variables of different files stay apart, whatever their names. A map that one file defines may be declared extern in others, where its definition must be alike.',
        'The types of .BTF are merged and deduplicated, so that the result says everything once; .BTF.ext, with its lines of the source and its CO-RE relocations, is put together accordingly. An output can be an input of the next run: linking in steps gives the same object as linking at once. With a single input this is also a way to normalise an object.',
        'The bytes of the result are those that bpftool 7.8.0 writes.',
      ],
      skeleton: [
        'The name of the object is OBJECT_NAME, or the name of the file without .o, with an underscore in the place of each character that C does not allow in names: hello.bpf.o gives hello_bpf. It begins the names of all types and functions of the header. For an object example there are: example__open, which reads the object that the header holds, and example__open_opts, which takes options of libbpf as well; example__load, which makes the maps, fills them and loads the programs; example__open_and_load for both; example__attach and example__detach for all programs that can be attached by what their section says; example__destroy, which detaches and frees everything.',
        'struct example has, besides the object of libbpf itself, the members maps, progs and links, in which each map, program and link is found under its own name, and a member for each data section: bss, data, rodata, kconfig, and others by their names. Those are pointers to structs whose members are the global variables with their C types. Before example__load they set initial values, those of constants included; afterwards they are the memory that the programs see, as long as the kernel can map it (5.5), and constants must not be written any more. Types of struct_ops maps have a struct of their own, in which their function pointers are programs and their other members values to set before loading.',
        'A link that the caller makes with other functions of libbpf may be put into links, and is destroyed with the rest.',
        'The header includes the whole object as a string, so that nothing has to be installed beside the program, and the two cannot be of different versions. It is written to standard output; with -j it is a JSON string. The text is that of bpftool 7.8.0.',
        'With -L the header has a loader program and its data instead. It includes bpf/skel_internal.h only, makes system calls directly, and its maps and programs are descriptors in maps and progs. CO-RE is done by the kernel while the loader runs. There are limits: data is reached by pointers to mapped memory as before, but links are plain descriptors, and there are no options of libbpf. With -S, -k and -i the program that is loaded carries a signature.',
        'With --lang ts a module for Node.js is written, with typed maps, programs, variables and events, which needs this package at run time. --event MAP=TYPE names the C type of what a ring buffer or perf event array carries, since the object does not say it. --external leaves the object in its file. With --lang json the same facts are printed for other generators: maps, programs with their sections, variables, and the types of all of them.',
      ],
      subskeleton: [
        'The header has two functions: NAME__open takes a struct bpf_object that somebody has opened, and finds in it the maps, programs and variables that the library has; NAME__destroy frees the struct and nothing else. Variables are pointers, one for each, because their places in the linked sections are known only then. The input is the object of the library alone. Static variables belong to nobody else and have no place in it.',
      ],
      min_core_btf: [
        'INPUT may be BTF itself or an ELF file with a .BTF section, such as those that collections of BTF for old kernels have. The result has the structs, unions, enums and typedefs that relocations of the objects name, with those of their members that are accessed, and whatever their types need; members that nothing accesses are gone, while those that stay keep their places. It is used by prog load with kernel_btf, or by libbpf with btf_custom_path.',
      ],
    },
    sections: [
      [
        'FROM SOURCE TO PROGRAM',
        [
          'An application of two files of BPF code, each compiled by itself, is put together as follows. The headers vmlinux.h and app.skel.h are generated, and the second holds all that the program needs:',
          '@tsbpftool btf dump file /sys/kernel/btf/vmlinux format c > vmlinux.h',
          '@clang -target bpf -g -O2 -c hello.bpf.c library.bpf.c',
          '@tsbpftool gen object app.bpf.o hello.bpf.o library.bpf.o',
          '@tsbpftool gen skeleton app.bpf.o name app > app.skel.h',
          '@cc -o app app.c -lbpf -lelf -lz',
          'In app.c, after #include "app.skel.h", the program sets variables between app__open and app__load, attaches by app__attach, reads maps by the functions of libbpf with app->maps, and ends with app__destroy.',
          'The option -g matters: without debug information the compiler writes no BTF, so that there is neither CO-RE nor a type for any variable. Objects should be compiled with -O2, because the verifier does not understand what compilers write without optimisation.',
          'To carry the application to kernels that have no BTF of their own, a reduced file is made for each of them, on any machine:',
          '@tsbpftool gen min_core_btf 5.4.0-91-generic.btf 5.4.0-91-generic.min.btf app.bpf.o',
          'and the application names the one that fits as btf_custom_path when it opens the object.',
        ],
      ],
      [
        'NOTES',
        [
          'Files that are written appear under their names when they are complete: a run that fails or is interrupted leaves what was there before. An output that is one of the inputs is therefore safe.',
          'Objects are read with all care: a section, symbol, relocation or type that contradicts itself is refused with a message that names it, and no input of any kind ends the program by a signal.',
        ],
      ],
    ],
  },
  net: {
    verbs: {
      show: [
        'Of XDP the mode is shown: driver, generic, offload, or multi where there are several. Of traffic control first tcx, then netkit, then classes, then other queueing disciplines, and filters of clsact last, each with the direction, the name and the id of the program, and the ids of its actions. Devices come in the order of their index.',
        'Programs of control groups are in tsbpftool-cgroup(8). Programs of single sockets and of lightweight tunnels are found only by the programs that set them up, such as ip(8).',
      ],
      attach: [
        'xdp lets the driver run the program as early as it can, and otherwise the kernel, later and slower; xdpdrv insists on the driver, xdpgeneric on the kernel, which works on every device, xdpoffload on the hardware of the device. tcx_ingress and tcx_egress run for what comes in and goes out, after XDP, with a whole packet of the kernel (struct __sk_buff), in a list of programs, each of which may pass on to the next (TCX_NEXT).',
        'No link is made, so nobody has to stay for the program to run. Programs that were attached by a link are not replaced: the kernel answers that the device is busy.',
      ],
      detach: [
        'Of tcx it takes off one program that was attached without a link. Links are detached by link detach, by closing them, or by removing their pins.',
      ],
    },
  },
  link: {
    verbs: {
      show: [
        'What follows the type depends on it: of tracing links the function and its BTF, of cgroup links the id of the group and the hook, of XDP, tcx and netkit the device, of netfilter protocol, hook and priority, of kprobe_multi and uprobe_multi every place with its cookie, of perf events the tracepoint, function or file with offset, of iterators what they go through, of struct_ops the map.',
      ],
      pin: ['A name with a dot is refused by the kernel. A link can be pinned at several paths.'],
    },
  },
  struct_ops: {
    verbs: {
      register: [
        'Several maps may be in one object. Each that is registered is told with its id; if one fails the others are tried all the same, and the exit status is 255.',
      ],
    },
  },
  cgroup: {
    sections: [
      [
        'HOW GROUPS INHERIT',
        [
          'Programs run for all processes of a group and of the groups below it, at a hook of the type with which they were attached: packets that come in or go out (cgroup_inet_ingress, cgroup_inet_egress), the making and binding of sockets, connecting and sending (where the address may be changed), reading and setting socket options, access to devices, sysctl settings, and others. Without a flag a group that has a program of a type forbids its descendants to have others. With override a descendant may replace it for itself; with multi all of them run, those of the descendant first, in the order in which they were attached.',
          'Only the unified hierarchy (version 2) is meant. It is usually mounted at /sys/fs/cgroup, or at /sys/fs/cgroup/unified where version 1 is used as well. Programs stay attached until they are detached or the group is removed.',
          'show with effective prints what runs for a group, in the order in which it runs, whoever attached it; without it what is attached to the group itself, with the flags. Programs that links attached are shown in the same way; such links are detached by link detach or by closing them.',
        ],
      ],
    ],
  },
};
