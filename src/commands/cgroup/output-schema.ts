// JSON Schemas of what `cgroup` prints with -j, as `schema` shows them; tests hold both programs to those of the
// reference's verbs.
import {
  cutShort,
  list,
  nameOrNumber,
  nullOf,
  type OutputSchemas,
  outputOf,
  record,
  reference,
  text,
  u32,
} from '../shared/json-schema.ts';

const program = record(
  'A program at a hook of the group.',
  {
    id: u32('Id of the program'),
    attach_type: nameOrNumber('The hook'),
    name: text('Name of the program'),
    attach_btf_obj_id: u32('Id of the BTF with the function it is at, 0 if it is at none'),
    attach_btf_id: u32('Id of that function in the BTF, 0 if it is at none'),
  },
  {
    attach_flags: text(
      'How programs share the hook; not where effective programs are listed',
      '^(|multi|override|unknown\\([0-9a-f]+\\))$',
    ),
    attach_btf_name: text('Name of the function it is at; empty if it is at none'),
  },
);
const programs = list('Its programs, hook by hook, in the order they run', reference('program'));
const group = record('A group with programs.', { cgroup: text('Its folder'), programs });

const show = (verb: string): OutputSchemas =>
  outputOf(`cgroup ${verb}`, 'The programs of one control group. Nothing is printed where it has none.', programs, {
    failures: [programs],
    definitions: { program },
  });

export const cgroupSchemas: OutputSchemas = {
  ...show('show'),
  ...show('list'),
  ...outputOf(
    'cgroup tree',
    'The control groups of a tree that have programs.',
    list('All of them, each before those below it', reference('group')),
    { failures: [cutShort(reference('group'))], definitions: { program, group } },
  ),
  ...nullOf(
    ['cgroup attach', 'cgroup detach', 'cgroup help'],
    'Nothing is printed; the usage text is not printed as JSON.',
  ),
};
