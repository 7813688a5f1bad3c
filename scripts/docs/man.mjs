// Manual pages in roff: one for the program, one for each object.
import { environment, exitStatus, files, manual, optionNotes } from './manual.mjs';

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

/** An option of every command, at length. @returns {any} */
const atLength = ({ summary, ...option }) => ({
  ...option,
  summary: [summary, optionNotes[option.short ?? option.long]].filter(Boolean).join(' '),
});

/** @typedef {import('../../src/commands/help/topic.ts').Topic} Topic */

/**
 * File name → text: a page for the program, one for each object, one for each command that the reference lacks.
 * @param {{families: {topic: Topic, verbs: Topic[]}[], commands: Topic[], version: string}} described
 */
export function manPages({ families, commands, version }) {
  const title = (name) => `.TH ${name.toUpperCase()} 8 "" "tsbpftool ${version}" "BPF tools"`;
  const pages = { 'man/tsbpftool.8': mainPage({ families, commands }, title('tsbpftool')) };
  const own = commands.filter(({ isOfReference }) => !isOfReference);
  for (const { topic, verbs } of [...families, ...own.map((topic) => ({ topic, verbs: [] }))]) {
    const [name] = topic.path;
    pages[`man/tsbpftool-${name}.8`] = topicPage({ topic, verbs }, title(`tsbpftool-${name}`));
  }
  return pages;
}

const section = (name, body) => (body === '' ? '' : `.SH ${name}\n${body.trimEnd()}\n`);
const tagged = (tags, text) =>
  `.TP\n${[tags]
    .flat()
    .map((tag) => `.B ${roff(tag)}`)
    .join('\n.TQ\n')}\n${roff(text)}\n`;
const page = (parts) =>
  `.\\" Generated from the command definitions. Do not edit.\n${parts.filter((part) => part !== '').join('\n')}`;
const references = (topics) => topics.map(({ path }) => `.BR tsbpftool\\-${path[0]} (8)`).join(',\n');

function mainPage({ families, commands }, title) {
  const own = commands.filter(({ isOfReference }) => !isOfReference);
  const forms = (topic) => topic.forms.map((form) => `.B tsbpftool ${topic.path.join(' ')}\n${roff(form)}`.trimEnd());
  return page([
    title,
    section('NAME', roff('tsbpftool - inspect and manipulate BPF programs and maps')),
    section(
      'SYNOPSIS',
      ['.B tsbpftool\n[\\fIOPTIONS\\fR] \\fIOBJECT\\fR { \\fICOMMAND\\fR | help }', ...commands.flatMap(forms)].join(
        '\n.br\n',
      ),
    ),
    section(
      'DESCRIPTION',
      roff(
        'tsbpftool has the commands, options and output of bpftool 7.8.0. Objects and commands may be abbreviated; options ' +
          'stand anywhere on the line. Numbers are decimal, octal with a leading 0, or hexadecimal with a leading 0x.',
      ),
    ),
    section('OBJECTS', families.map(({ topic }) => tagged(topic.path[0], topic.summary)).join('')),
    section('COMMANDS', commands.map((topic) => tagged(topic.path[0], topic.summary)).join('')),
    section(
      'BATCH',
      roff(
        'batch file FILE runs the commands of a file, one a line; - is standard input. # begins a comment, a backslash at the end ' +
          'of a line continues it, quotes at the beginning of a word keep blanks. The first failure ends the run.',
      ),
    ),
    section('OPTIONS', families[0].topic.globalOptions.map((option) => tagged(...tagOf(atLength(option)))).join('')),
    ...everywhere(),
    section(
      'EXAMPLES',
      '.nf\n# tsbpftool schema map show > map-show.schema.json\n# tsbpftool map update name config key 0 0 0 0 value hex 48 65 79 00\n# tsbpftool \\-j map dump name config\n.fi',
    ),
    section('SEE ALSO', references([...families.map(({ topic }) => topic), ...own])),
  ]);
}

function topicPage({ topic, verbs }, title) {
  const name = topic.path.join(' ');
  const synopsis = topic.forms.map((form) => `.B tsbpftool ${name}\n${roff(form)}`.trimEnd()).join('\n.br\n');
  const about = ({ summary, details }) => [summary, details].filter(Boolean).join(' ');
  const { verbs: more = {}, sections = [] } = manual[name] ?? {};
  const described = verbs.map((verb) => {
    const verbName = verb.path.at(-1);
    const tags = verb.forms.map((form) => `${verbName} ${form}`.trim());
    return [tagged(tags, about(verb)), ...(more[verbName] ?? []).map((text) => `.IP\n${paragraph(text)}`)].join('');
  });
  return page([
    title,
    section('NAME', roff(`tsbpftool-${name} - ${lowerFirst(topic.summary)}`)),
    section('SYNOPSIS', synopsis),
    section('DESCRIPTION', `${roff(about(topic))}\n${described.join('')}`),
    section('WORDS', topic.arguments.map(({ name, summary }) => tagged(name, summary)).join('')),
    section(
      'OPTIONS',
      [...topic.options.map(ownOption), ...topic.globalOptions.map(atLength)]
        .map((option) => tagged(...tagOf(option)))
        .join(''),
    ),
    ...sections.map(([heading, paragraphs]) => section(heading, paragraphs.map(paragraph).join('.PP\n'))),
    ...everywhere(),
    section('EXAMPLES', examples(topic.examples)),
    section('SEE ALSO', '.BR tsbpftool (8)'),
  ]);
}

/** A paragraph, or a line of a shell where it begins with an at sign. */
const paragraph = (text) => (text.startsWith('@') ? `.nf\n.RS\n${roff(text.slice(1))}\n.RE\n.fi\n` : `${roff(text)}\n`);

const everywhere = () => [
  section('EXIT STATUS', roff(exitStatus)),
  section('FILES', files.map(([name, text]) => tagged(name, text)).join('')),
  section('ENVIRONMENT', environment.map(([name, text]) => tagged(name, text)).join('')),
];

const ownOption = ({ summary, default: fallback, ...option }) => ({
  ...option,
  summary: `${summary}${fallback === undefined ? '' : ` ${fallback} unless stated.`} Not in bpftool.`,
});

/** @param {Topic['examples']} all */
const examples = (all) =>
  all.map(({ line, summary }) => `.PP\n${roff(summary)}\n.PP\n.nf\n.RS\n${roff(line)}\n.RE\n.fi\n`).join('');

/** For the NAME line: no full stop, and a small letter unless the sentence begins with an abbreviation. */
const lowerFirst = (text) => text.replace(/\.$/, '').replace(/^[A-Z](?![A-Z])/, (letter) => letter.toLowerCase());
