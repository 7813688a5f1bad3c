// JSON Schemas of what `token` prints with -j, as `schema` shows them; tests hold both programs to those of the
// reference's verbs.
import { list, nullOf, type OutputSchemas, outputOf, record, text } from '../shared/json-schema.ts';

const names = (description: string) =>
  list(description, text('A name of the kernel, `any`, or a number in hexadecimal'));

const show = (verb: string): OutputSchemas =>
  outputOf(
    `token ${verb}`,
    'The mounted BPF file systems that delegate rights.',
    list(
      'All of them',
      record('A file system of which tokens can be made.', {
        token_info: text('Where it is mounted'),
        allowed_cmds: names('Commands of bpf(2) that a token allows'),
        allowed_maps: names('Types of maps that a token allows'),
        allowed_progs: names('Types of programs that a token allows'),
        allowed_attachs: names('Attach types that a token allows'),
      }),
    ),
  );

export const tokenSchemas: OutputSchemas = {
  ...show('show'),
  ...show('list'),
  ...nullOf(['token help'], 'The usage text is not printed as JSON.'),
};
