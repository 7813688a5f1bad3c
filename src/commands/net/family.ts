import type { CommandFamily } from '../../cli/index.ts';

/** `net`: programs attached to network devices and protocols. */
export const netFamily: CommandFamily = {
  name: 'net',
  summary: 'Programs attached to network devices and protocols.',
  docs: async () => (await import('./docs.ts')).netDocs,
  verbs: [
    {
      name: 'show',
      summary: 'List all of them, or those of a device.',
      load: async () => (await import('./show.ts')).show,
    },
    { name: 'list', summary: 'The same as show.', load: async () => (await import('./show.ts')).show },
    {
      name: 'attach',
      summary: 'Attach a program to a device.',
      // Where the words may stand, for completion; the handler refuses them elsewhere.
      wordNeeds: { prepend: ['tcx_ingress', 'tcx_egress'], overwrite: ['xdp', 'xdpgeneric', 'xdpdrv', 'xdpoffload'] },
      load: async () => (await import('./attach.ts')).attach,
    },
    {
      name: 'detach',
      summary: 'Detach a program from a device.',
      load: async () => (await import('./detach.ts')).detach,
    },
    { name: 'help', summary: 'Print the usage.' },
  ],
  usage: `Usage: %P %O { show | list } [dev <devname>]
       %P %O attach ATTACH_TYPE PROG dev <devname> [ overwrite | prepend ]
       %P %O detach ATTACH_TYPE dev <devname>
       %P %O help

       PROG := { id PROG_ID | pinned FILE | tag PROG_TAG | name PROG_NAME }
       ATTACH_TYPE := { xdp | xdpgeneric | xdpdrv | xdpoffload | tcx_ingress
                        | tcx_egress }
       OPTIONS := { {-j|--json} [{-p|--pretty}] | {-d|--debug} }

Note: Only xdp, tcx, tc, netkit, flow_dissector and netfilter attachments
      are currently supported.
      For progs attached to cgroups, use "bpftool cgroup"
      to dump program attachments. For program types
      sk_{filter,skb,msg,reuseport} and lwt/seg6, please
      consult iproute2.
`,
};
