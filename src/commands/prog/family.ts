// `prog`: bpftool's src/prog.c, src/tracelog.c and src/cfg.c. The usage text is the reference's to the byte, its
// trailing blank after the last bracket included.
import type { CommandFamily, VerbOption } from '../../cli/index.ts';

/** Of `load` and `loadall`; the reference has neither. */
const loadOptions: readonly VerbOption[] = [
  {
    long: 'set',
    argument: 'VARIABLE=JSON',
    summary:
      'Gives a global variable of the object this value before the programs are loaded; may repeat. Text and names of ' +
      'enumerators are quoted, of structures the members named are set.',
  },
  {
    long: 'explain',
    summary:
      'Where the verifier refuses a program, says after its log at which line of the source, what led to it, why in plain ' +
      'words, and what to change.',
  },
];

const loadForms = [
  'OBJ PATH [type TYPE] [{ offload_dev | xdpmeta_dev } NAME] [map { idx OBJECT_MAP_INDEX | name OBJECT_MAP } MAP]... ' +
    '[pinmaps MAP_DIR] [autoattach] [kernel_btf BTF_FILE]',
];

export const progFamily: CommandFamily = {
  name: 'prog',
  summary: 'Inspect, load and run BPF programs.',
  docs: async () => (await import('./docs.ts')).progDocs,
  verbs: [
    {
      name: 'show',
      summary: 'Lists programs, or shows those that match.',
      load: async () => (await import('./show.ts')).show,
    },
    { name: 'list', summary: 'The same as show.', load: async () => (await import('./show.ts')).show },
    { name: 'help', summary: 'Prints the usage text.' },
    {
      name: 'dump',
      summary: 'Prints the instructions of a program.',
      // DOT is no JSON: with -j the word is refused.
      plainOnly: ['visual'],
      options: [
        {
          long: 'format',
          argument: 'FORMAT',
          choices: ['dot', 'svg', 'html'],
          summary: 'Of `visual`: svg and html are pictures with source lines that need no other program.',
        },
      ],
      load: async () => (await import('./dump.ts')).dump,
    },
    {
      name: 'pin',
      summary: 'Pins a program at a path on a BPF file system.',
      load: async () => (await import('./pin.ts')).pin,
    },
    {
      name: 'load',
      summary: 'Loads the first program of an object file and pins it.',
      options: loadOptions,
      forms: loadForms,
      load: async () => (await import('./load.ts')).load,
    },
    {
      name: 'loadall',
      summary: 'Loads all programs of an object file and pins them in a directory.',
      options: loadOptions,
      forms: loadForms,
      load: async () => (await import('./load.ts')).loadAll,
    },
    {
      name: 'attach',
      summary: 'Attaches a program to a socket map, or a flow dissector to the network namespace.',
      load: async () => (await import('./attach.ts')).attach,
    },
    {
      name: 'detach',
      summary: 'Takes a program off what it was attached to.',
      load: async () => (await import('./attach.ts')).detach,
    },
    {
      name: 'tracelog',
      summary: 'Prints the trace log of the kernel, or what a program wrote to one of its streams.',
      load: async () => (await import('./tracelog.ts')).tracelog,
    },
    {
      name: 'run',
      summary: 'Runs a program on given input.',
      forms: [
        'PROG [data_in FILE] [data_out FILE] [data_size_out L] [ctx_in FILE] [ctx_out FILE] [ctx_size_out M] [repeat N]',
      ],
      load: async () => (await import('./run.ts')).run,
    },
    {
      name: 'profile',
      summary: 'Measures what a program does while it runs, until it is interrupted or for some seconds.',
      load: async () => (await import('./profile/profile.ts')).profile,
    },
  ],
  usage: `Usage: %P %O { show | list } [PROG]
       %P %O dump xlated PROG [{ file FILE | [opcodes] [linum] [visual] }]
       %P %O dump jited  PROG [{ file FILE | [opcodes] [linum] }]
       %P %O pin   PROG FILE
       %P %O { load | loadall } OBJ  PATH \\
                         [type TYPE] [{ offload_dev | xdpmeta_dev } NAME] \\
                         [map { idx IDX | name NAME } MAP]\\
                         [pinmaps MAP_DIR]
                         [autoattach]
                         [kernel_btf BTF_FILE]
       %P %O attach PROG ATTACH_TYPE [MAP]
       %P %O detach PROG ATTACH_TYPE [MAP]
       %P %O run PROG \\
                         data_in FILE \\
                         [data_out FILE [data_size_out L]] \\
                         [ctx_in FILE [ctx_out FILE [ctx_size_out M]]] \\
                         [repeat N]
       %P %O profile PROG [duration DURATION] METRICs
       %P %O tracelog
       %P %O tracelog { stdout | stderr } PROG
       %P %O help

       MAP := { id MAP_ID | pinned FILE | name MAP_NAME }
       PROG := { id PROG_ID | pinned FILE | tag PROG_TAG | name PROG_NAME }
       TYPE := { socket | kprobe | kretprobe | classifier | action |
                 tracepoint | raw_tracepoint | xdp | perf_event | cgroup/skb |
                 cgroup/sock | cgroup/dev | lwt_in | lwt_out | lwt_xmit |
                 lwt_seg6local | sockops | sk_skb | sk_msg | lirc_mode2 |
                 sk_reuseport | flow_dissector | cgroup/sysctl |
                 cgroup/bind4 | cgroup/bind6 | cgroup/post_bind4 |
                 cgroup/post_bind6 | cgroup/connect4 | cgroup/connect6 |
                 cgroup/connect_unix | cgroup/getpeername4 | cgroup/getpeername6 |
                 cgroup/getpeername_unix | cgroup/getsockname4 | cgroup/getsockname6 |
                 cgroup/getsockname_unix | cgroup/sendmsg4 | cgroup/sendmsg6 |
                 cgroup/sendmsg_unix | cgroup/recvmsg4 | cgroup/recvmsg6 | cgroup/recvmsg_unix |
                 cgroup/getsockopt | cgroup/setsockopt | cgroup/sock_release |
                 struct_ops | fentry | fexit | fsession | freplace | sk_lookup }
       ATTACH_TYPE := { sk_msg_verdict | sk_skb_verdict | sk_skb_stream_verdict |
                        sk_skb_stream_parser | flow_dissector }
       METRIC := { cycles | instructions | l1d_loads | llc_misses | itlb_misses | dtlb_misses }
       OPTIONS := { {-j|--json} [{-p|--pretty}] | {-d|--debug} |
                    {-f|--bpffs} | {-m|--mapcompat} | {-n|--nomount} |
                    {-L|--use-loader} | [ {-S|--sign } {-k} <private_key.pem> {-i} <certificate.x509> ] 
`,
  // Three metrics need no hardware counter; the reference lacks them.
  extensionUsage: `       METRIC := { cycles | instructions | l1d_loads | llc_misses | itlb_misses | dtlb_misses |
                   cpu_clock | task_clock | run_time }
`,
};
