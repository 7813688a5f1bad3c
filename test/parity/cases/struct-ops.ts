import { all, change, one, type ParityCase } from '../../support/parity/case.ts';

const because = 'each program registers maps of its own; a dump holds ids of maps and programs';
const options = { normalise: ['ids' as const], because };

/** Lines that one process of each program runs on struct operations it has registered itself. */
const lines = [
  'struct_ops show name tsbpftool_map_c',
  'struct_ops list name tsbpftool_map_c',
  'struct_ops dump name tsbpftool_map_c',
  'struct_ops unregister name tsbpftool_map_c',
];

// Should a line have failed, the last one of the reference leaves the kernel without it all the same.
const registered = change('batch file {tmp}/lines', ['struct_ops unregister name tsbpftool_map_c'], {
  ...options,
  files: { lines: ['struct_ops register {obj:struct-ops-map}', ...lines].join('\n') },
});

export const structOps: ParityCase[] = [
  ...change(
    'struct_ops register {obj:struct-ops} {pins}/links',
    ['-j link show pinned {pins}/links/tsbpftool_cc'],
    options,
  ),
  ...change('struct_ops register {obj:struct-ops}', ['struct_ops show name tsbpftool_cc'], options),
  ...registered,
  ...all('struct_ops show name no_such_ops'),
  ...all('struct_ops dump name no_such_ops'),
  ...all('struct_ops unregister name no_such_ops'),
  ...all('struct_ops show id 0'),
  ...all('struct_ops show id 4294967295'),
  ...all('struct_ops dump id x'),
  ...all('struct_ops show id {id:hash}'),
  ...all('struct_ops register {tmp}/absent'),
  ...all('struct_ops register {obj:globals}'),
  ...all('struct_ops register {obj:rejected}'),
  ...one('struct_ops show id'),
  ...one('struct_ops show odd 1'),
  ...all('struct_ops dump odd 1'),
  ...one('struct_ops register'),
  ...one('struct_ops unregister id'),
];
