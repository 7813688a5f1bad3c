// Manual pages in roff: one for the program, one for each object.
const roff = (text) =>
  text
    .replaceAll('\\', '\\e')
    .replaceAll('-', '\\-')
    .replace(/^([.'])/gm, '\\&$1');

/** `-B, --base-btf FILE`, and what it is for. */
const tagOf = ({ long, short, argument, summary }) => {
  const names = [short && `-${short}`, long && `--${long}`].filter(Boolean).join(', ');
  return [argument === undefined ? names : `${names} ${argument}`, summary];
};

const exitStatus = `0 on success. 255 on a usage error and on most failures; where a system call decides the outcome, the low byte of its
negative errno (254 for an element that is not there). 1 when a link cannot be detached.`;

/** File name → text. */
export function manPages({ families, options, version }) {
  const commonOptions = options.map(tagOf);
  const title = (name) => `.TH ${name.toUpperCase()} 8 "" "tsbpftool ${version}" "BPF tools"`;
  const pages = { 'man/tsbpftool.8': mainPage({ families, commonOptions }, title('tsbpftool')) };
  for (const family of families) {
    pages[`man/tsbpftool-${family.name}.8`] = objectPage({ family, commonOptions }, title(`tsbpftool-${family.name}`));
  }
  return pages;
}

const section = (name, body) => `.SH ${name}\n${body.trimEnd()}\n`;
const tagged = (tags, text) =>
  `.TP\n${[tags]
    .flat()
    .map((tag) => `.B ${roff(tag)}`)
    .join('\n.TQ\n')}\n${roff(text)}\n`;
const page = (parts) => `.\\" Generated from the command definitions. Do not edit.\n${parts.join('\n')}`;

function mainPage({ families, commonOptions }, title) {
  return page([
    title,
    section('NAME', roff('tsbpftool - inspect and manipulate BPF programs and maps')),
    section(
      'SYNOPSIS',
      '.B tsbpftool\n[\\fIOPTIONS\\fR] \\fIOBJECT\\fR { \\fICOMMAND\\fR | help }\n.PP\n.B tsbpftool batch file\n\\fIFILE\\fR\n.PP\n.B tsbpftool version\n.PP\n.B tsbpftool schema\n\\fIOBJECT\\fR [ \\fICOMMAND\\fR ]',
    ),
    section(
      'DESCRIPTION',
      roff(
        'tsbpftool has the commands, options and output of bpftool 7.8.0. Objects and commands may be abbreviated; options ' +
          'stand anywhere on the line. Numbers are decimal, octal with a leading 0, or hexadecimal with a leading 0x.',
      ),
    ),
    section('OBJECTS', families.map((family) => tagged(family.name, family.summary)).join('')),
    section(
      'BATCH',
      roff(
        'batch file FILE runs the commands of a file, one a line; - is standard input. # begins a comment, a backslash at the end ' +
          'of a line continues it, quotes at the beginning of a word keep blanks. The first failure ends the run.',
      ),
    ),
    section(
      'JSON SCHEMAS',
      roff(
        'schema OBJECT COMMAND prints the JSON Schema (draft 2020-12) of what a command prints with -j and -p; the definition ' +
          'output inside is what it prints when it succeeds, failure what it prints otherwise. Both words may be abbreviated; batch, ' +
          'version and help have no command. schema error is the object that every failure is reported with. Other words print ' +
          'a list of the schemas there are. This command is an extension: its own name cannot be abbreviated.',
      ),
    ),
    section('OPTIONS', commonOptions.map(([tag, text]) => tagged(tag, text)).join('')),
    section('EXIT STATUS', roff(exitStatus)),
    section(
      'EXAMPLES',
      '.nf\n# tsbpftool schema map show > map-show.schema.json\n# tsbpftool map update name config key 0 0 0 0 value hex 48 65 79 00\n# tsbpftool \\-j map dump name config\n.fi',
    ),
    section('SEE ALSO', families.map((family) => `.BR tsbpftool\\-${family.name} (8)`).join(',\n')),
  ]);
}

function objectPage({ family, commonOptions }, title) {
  const { grammar } = family;
  const forms = (verb) => (grammar.verbs.get(verb) ?? ['']).map((rest) => `${verb} ${rest}`.trim());
  const synopsis = family.verbs
    .flatMap((verb) => forms(verb.name))
    .map((form) => `.B tsbpftool ${family.name}\n${roff(form)}`)
    .join('\n.br\n');
  const about = ({ summary, details }) =>
    [summary ?? 'Prints the usage text.', ...(details ? [details] : [])].join(' ');
  const verbs = family.verbs.map((verb) => tagged(forms(verb.name), about(verb))).join('');
  const words = [...grammar.definitions]
    .filter(([name]) => name !== 'OPTIONS')
    .map(([name, text]) => tagged(name, text))
    .join('');
  return page([
    title,
    section('NAME', roff(`tsbpftool-${family.name} - ${lowerFirst(family.summary)}`)),
    section('SYNOPSIS', synopsis),
    section('DESCRIPTION', `${roff(family.summary)}\n${verbs}`),
    ...(words === '' ? [] : [section('WORDS', words)]),
    section('OPTIONS', [...verbOptions(family), ...commonOptions].map(([tag, text]) => tagged(tag, text)).join('')),
    section('EXIT STATUS', roff(exitStatus)),
    section('SEE ALSO', '.BR tsbpftool (8)'),
  ]);
}

/** Options that only some verbs know, with those verbs. */
function verbOptions(family) {
  const found = new Map();
  for (const verb of family.verbs) {
    for (const option of verb.options ?? []) {
      const tag = option.argument === undefined ? `--${option.long}` : `--${option.long} ${option.argument}`;
      found.set(tag, { verbs: [...(found.get(tag)?.verbs ?? []), verb.name], summary: option.summary });
    }
  }
  return [...found].map(([tag, { verbs, summary }]) => [tag, `${summary} (${verbs.join(', ')}; not in bpftool)`]);
}

/** For the NAME line: no full stop, and a small letter unless the sentence begins with an abbreviation. */
const lowerFirst = (text) => text.replace(/\.$/, '').replace(/^[A-Z](?![A-Z])/, (letter) => letter.toLowerCase());
