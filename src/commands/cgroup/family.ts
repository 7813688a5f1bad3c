import type { CommandFamily } from '../../cli/index.ts';

/** `cgroup`: programs attached to control groups. */
export const cgroupFamily: CommandFamily = {
  name: 'cgroup',
  summary: 'Programs attached to control groups.',
  verbs: [
    {
      name: 'show',
      summary: 'List the programs of a control group.',
      details:
        "CGROUP is the group's folder. Shown are the programs attached to it; with effective those that run for it, with what it inherits. Programs for security modules are shown with the function of the kernel they are at.",
      load: async () => (await import('./show.ts')).show,
    },
    { name: 'list', summary: 'The same as show.', load: async () => (await import('./show.ts')).show },
    {
      name: 'tree',
      summary: 'List the programs of all control groups of a tree.',
      details:
        'From CGROUP_ROOT on, or from where the hierarchy is mounted. Only groups with programs are shown. A group that vanishes meanwhile, or cannot be opened or asked, does not end the list: the errors come at its end, and the exit status is 255.',
      load: async () => (await import('./tree.ts')).tree,
    },
    {
      name: 'attach',
      summary: 'Attach a program.',
      details:
        'ATTACH_TYPE is a name of the kernel in full, or its older, shorter name (ingress, bind4, sendmsg6, ...) or a beginning of that; of several that begin so the first is meant. multi: beside other programs, and groups below can attach theirs too; override: groups below can attach another instead.',
      load: async () => (await import('./attach.ts')).attach,
    },
    {
      name: 'detach',
      summary: 'Detach a program.',
      details: 'Takes off a program that was attached without a link.',
      load: async () => (await import('./attach.ts')).detach,
    },
    { name: 'help', summary: 'Print the usage.' },
  ],
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
