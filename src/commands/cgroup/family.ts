import type { CommandFamily } from '../../cli/index.ts';

/** `cgroup`: programs attached to control groups. */
export const cgroupFamily: CommandFamily = {
  name: 'cgroup',
  summary: 'Programs attached to control groups.',
  docs: async () => (await import('./docs.ts')).cgroupDocs,
  verbs: [
    {
      name: 'show',
      summary: 'List the programs of a control group.',
      load: async () => (await import('./show.ts')).show,
    },
    { name: 'list', summary: 'The same as show.', load: async () => (await import('./show.ts')).show },
    {
      name: 'tree',
      summary: 'List the programs of all control groups of a tree.',
      load: async () => (await import('./tree.ts')).tree,
    },
    {
      name: 'attach',
      summary: 'Attach a program.',
      load: async () => (await import('./attach.ts')).attach,
    },
    {
      name: 'detach',
      summary: 'Detach a program.',
      load: async () => (await import('./attach.ts')).detach,
    },
    { name: 'help', summary: 'Print the usage.' },
  ],
  // The stars are the reference's own.
  usage: `Usage: %P %O { show | list } CGROUP [**effective**]
       %P %O tree [CGROUP_ROOT] [**effective**]
       %P %O attach CGROUP ATTACH_TYPE PROG [ATTACH_FLAGS]
       %P %O detach CGROUP ATTACH_TYPE PROG
       %P %O help

       ATTACH_TYPE := { cgroup_inet_ingress | cgroup_inet_egress |
                        cgroup_inet_sock_create | cgroup_sock_ops |
                        cgroup_device | cgroup_inet4_bind |
                        cgroup_inet6_bind | cgroup_inet4_post_bind |
                        cgroup_inet6_post_bind | cgroup_inet4_connect |
                        cgroup_inet6_connect | cgroup_unix_connect |
                        cgroup_inet4_getpeername | cgroup_inet6_getpeername |
                        cgroup_unix_getpeername | cgroup_inet4_getsockname |
                        cgroup_inet6_getsockname | cgroup_unix_getsockname |
                        cgroup_udp4_sendmsg | cgroup_udp6_sendmsg |
                        cgroup_unix_sendmsg | cgroup_udp4_recvmsg |
                        cgroup_udp6_recvmsg | cgroup_unix_recvmsg |
                        cgroup_sysctl | cgroup_getsockopt |
                        cgroup_setsockopt | cgroup_inet_sock_release }
       ATTACH_FLAGS := { multi | override }
       PROG := { id PROG_ID | pinned FILE | tag PROG_TAG | name PROG_NAME }
       OPTIONS := { {-j|--json} [{-p|--pretty}] | {-d|--debug} |
                    {-f|--bpffs} }
`,
};
