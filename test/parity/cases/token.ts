import { all, one, type Options, type ParityCase } from '../../support/parity/case.ts';

const mounted = ['mount-some', 'mount-all', 'mount-named', 'mount-none'];

/** Mounts one file system, the only one in the namespace of the run, under a name that no path should have. */
const onlyMounted = (name: string, options: string): Options => ({
  within: [
    'umount -a -l -t bpf; mkdir -p /mnt && mount -t tmpfs none /mnt',
    `odd="$(printf '/mnt/${name}')" && mkdir "$odd" && mount -t bpf -o ${options} bpf "$odd"`,
  ].join(' && '),
});

export const token: ParityCase[] = [
  ...all('token show', { needs: mounted }),
  ...all('token list', { needs: mounted }),
  ...all('token', { needs: mounted }),
  ...all('token show', { within: 'umount -a -l -t bpf', because: 'no BPF file system at all' }),
  ...all('token list', onlyMounted('x', 'delegate_cmds=any')),
  ...all('token show', onlyMounted('a b', 'delegate_attachs=xdp:cgroup_device')),
  ...all('token show', onlyMounted('a\\tb\\nc', 'delegate_attachs=any')).slice(1),
  ...one('token show', {
    ...onlyMounted('a\\tb', 'delegate_attachs=any'),
    difference: {
      id: 'J12',
      ours: {
        stdout:
          'token_info  /mnt/a\\x09b\n\tallowed_cmds:\n\tallowed_maps:\n\tallowed_progs:\n\tallowed_attachs:\n' +
          `\t  ${'any'.padEnd(20)}\n`,
        stderr: '',
        status: 0,
      },
    },
  }),
  ...all('token show', {
    ...onlyMounted('q"\\\\q', 'delegate_progs=0x6,delegate_maps=0x6'),
  }),
  ...all('token show', {
    ...onlyMounted('four', 'delegate_maps=hash:array:ringbuf:queue'),
    because: 'a line is full',
  }),
  ...all('token show', { within: 'umount -l /proc', because: '/proc/mounts cannot be read' }),
  ...all('token show more', { needs: mounted }),
  ...all('token list id 1'),
  ...all(['token', 'show', '']),
  ...all('token bogus'),
  ...all('token help'),
  ...one('t', { needs: mounted }),
  ...one('to l', { needs: mounted }),
  ...one('-f token show', { needs: mounted }),
  ...one('-d token show', { needs: mounted }),
  ...one('token show', { needs: mounted, uid: 65534 }),
];
