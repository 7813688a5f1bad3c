/** What words in capitals mean in every command. */
export const commonWords: Readonly<Record<string, string>> = {
  MAP: 'A map:',
  MAP_ID: 'The id of a map, as `map show` lists it.',
  MAP_NAME: 'The name of a map, of up to 15 characters.',
  PROG: 'A program:',
  PROG_ID: 'The id of a program, as `prog show` lists it.',
  PROG_NAME: "The name of a program: its function's where it has BTF.",
  PROG_TAG: 'The hash of the instructions of a program, 16 hexadecimal digits.',
  LINK: 'A link:',
  LINK_ID: 'The id of a link, as `link show` lists it.',
  BTF_ID: 'The id of a BTF object, as `btf show` lists it.',
  FILE: 'A path.',
  ATTACH_TYPE: 'What the program is attached to:',
};
