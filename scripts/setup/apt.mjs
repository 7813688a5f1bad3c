// Debian packages by name from another suite of the archive this machine already uses, without touching the
// machine's own apt state. Only Node's built-in modules: this runs before `npm install`.
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { SetupError } from '../lib/setup-error.mjs';

/**
 * Every binary package source apt is configured with, from one-line and deb822 files.
 * @returns {{uri: string, suites: string[], components: string[], signedBy: string | undefined}[]}
 */
export function readAptSources(etc = '/etc/apt') {
  const files = [path.join(etc, 'sources.list')];
  const folder = path.join(etc, 'sources.list.d');
  if (existsSync(folder)) {
    for (const name of readdirSync(folder).sort()) files.push(path.join(folder, name));
  }
  const sources = [];
  for (const file of files) {
    if (!existsSync(file)) continue;
    const text = readFileSync(file, 'utf8');
    if (file.endsWith('.list')) sources.push(...parseOneLine(text));
    else if (file.endsWith('.sources')) sources.push(...parseDeb822(text));
  }
  return sources;
}

/** `deb [signed-by=KEYRING] URI SUITE COMPONENT…`, one source a line. */
export function parseOneLine(text) {
  const sources = [];
  for (const raw of text.split('\n')) {
    const match = /^\s*deb\s+(?:\[([^\]]*)\]\s+)?(\S+)\s+(\S+)((?:\s+[^\s#]+)*)/.exec(raw);
    if (!match) continue;
    const signedBy = /(?:^|\s)signed-by=(\S+)/i.exec(match[1] ?? '')?.[1];
    sources.push({ uri: match[2], suites: [match[3]], components: (match[4] ?? '').trim().split(/\s+/), signedBy });
  }
  return sources;
}

/** Stanzas of `Field: value` lines; a field may go on in indented lines, `#` lines are comments. */
export function parseDeb822(text) {
  const sources = [];
  const withoutComments = text
    .split('\n')
    .filter((line) => !line.startsWith('#'))
    .join('\n');
  for (const stanza of withoutComments.split(/\n[ \t]*\n+/)) {
    const fields = {};
    let last;
    for (const line of stanza.split('\n')) {
      const match = /^([A-Za-z-]+)\s*:\s*(.*)$/.exec(line);
      if (match) {
        last = match[1].toLowerCase();
        fields[last] = match[2].trim();
      } else if (last && /^[ \t]/.test(line)) {
        fields[last] += `\n${line.trim()}`;
      }
    }
    if (/^no$/i.test(fields.enabled ?? '')) continue;
    if (!words(fields.types).includes('deb')) continue;
    for (const uri of words(fields.uris)) {
      sources.push({
        uri,
        suites: words(fields.suites),
        components: words(fields.components),
        signedBy: fields['signed-by'] || undefined,
      });
    }
  }
  return sources;
}

function words(text) {
  return (text ?? '').split(/\s+/).filter(Boolean);
}

/** The source that serves this machine's own Debian release (not its security or other third-party sources). */
export function debianArchive(sources, osRelease = readOsRelease()) {
  const codename = osRelease.VERSION_CODENAME;
  const names = new Set([
    codename,
    'stable',
    'testing',
    'unstable',
    'sid',
    'oldstable',
    'trixie',
    'bookworm',
    'bullseye',
  ]);
  const fits = (wanted) =>
    sources.find(
      (source) => source.components.includes('main') && source.suites.some(wanted) && !/security/.test(source.uri),
    );
  const archive = fits((suite) => suite === codename) ?? fits((suite) => names.has(suite.split('-')[0]));
  if (!archive) {
    throw new SetupError(
      'no Debian archive found in the apt sources of this machine (/etc/apt/sources.list, /etc/apt/sources.list.d)',
    );
  }
  return archive;
}

function readOsRelease() {
  const fields = {};
  if (!existsSync('/etc/os-release')) return fields;
  for (const line of readFileSync('/etc/os-release', 'utf8').split('\n')) {
    const match = /^([A-Z_]+)="?([^"]*)"?$/.exec(line);
    if (match) fields[match[1]] = match[2];
  }
  return fields;
}

/**
 * A private apt: its own source list, package lists and cache under `folder`; keys and proxy settings stay the
 * machine's. Needs no root.
 */
export class PrivateApt {
  /**
   * @param {{folder: string, suites: string[], architecture?: string, say?: (line: string) => void}} options
   *   `architecture`: in Debian's words, that of this machine unless given
   */
  constructor({ folder, suites, architecture, say = () => {} }) {
    this.architecture = architecture;
    this.folder = folder;
    this.suites = suites;
    this.say = say;
    this.updated = false;
  }

  /** Downloads the newest version of each package, `name` or `name/suite`, into `into`; answers the files' paths. */
  download(packages, into) {
    this.update();
    mkdirSync(into, { recursive: true });
    const scratch = path.join(this.folder, 'download');
    rmSync(scratch, { recursive: true, force: true });
    mkdirSync(scratch, { recursive: true });
    this.say(`downloading ${packages.join(' ')}`);
    this.run(['download', ...packages], scratch);
    const files = [];
    for (const name of readdirSync(scratch)) {
      if (!name.endsWith('.deb')) continue;
      const file = path.join(into, name);
      renameSync(path.join(scratch, name), file);
      files.push(file);
    }
    rmSync(scratch, { recursive: true, force: true });
    return files;
  }

  /** Package names the suites offer, matching a regular expression in apt's dialect. */
  names(pattern) {
    this.update();
    const result = spawnSync('apt-cache', [...this.options(), 'pkgnames'], { encoding: 'utf8', maxBuffer: 1 << 28 });
    if (result.status !== 0) throw new SetupError(`apt-cache pkgnames failed: ${result.stderr}`);
    return result.stdout.split('\n').filter((name) => pattern.test(name));
  }

  update() {
    if (this.updated) return;
    if (spawnSync('apt-get', ['--version']).status !== 0) {
      throw new SetupError('apt-get was not found: this set-up works on Debian and its derivatives');
    }
    const archive = debianArchive(readAptSources());
    for (const name of ['state/lists/partial', 'cache/archives/partial']) {
      mkdirSync(path.join(this.folder, name), { recursive: true });
    }
    const stanza = [
      'Types: deb',
      `URIs: ${archive.uri}`,
      `Suites: ${this.suites.join(' ')}`,
      'Components: main',
      archive.signedBy === undefined ? undefined : `Signed-By: ${archive.signedBy.replaceAll('\n', '\n ')}`,
    ];
    const list = path.join(this.folder, 'sources.sources');
    writeFileSync(list, `${stanza.filter((line) => line !== undefined).join('\n')}\n`);
    this.say(`reading the package lists of ${this.suites.join(', ')} from ${archive.uri}`);
    this.run(['update', '-o', 'APT::Update::Error-Mode=any'], this.folder);
    this.updated = true;
  }

  options() {
    return [
      `Dir::Etc::sourcelist=${path.join(this.folder, 'sources.sources')}`,
      'Dir::Etc::sourceparts=-',
      'Dir::Etc::preferences=-',
      'Dir::Etc::preferencesparts=-',
      `Dir::State::lists=${path.join(this.folder, 'state/lists')}`,
      `Dir::Cache=${path.join(this.folder, 'cache')}`,
      'Acquire::Languages=none',
      'Acquire::Retries=3',
      'APT::Sandbox::User=root',
      'Debug::NoLocking=1',
      ...(this.architecture === undefined
        ? []
        : [`APT::Architecture=${this.architecture}`, `APT::Architectures::=${this.architecture}`]),
    ].flatMap((option) => ['-o', option]);
  }

  run(argv, cwd) {
    const result = spawnSync('apt-get', ['-q', ...this.options(), ...argv], {
      cwd,
      encoding: 'utf8',
      env: { ...process.env, LC_ALL: 'C' },
      maxBuffer: 1 << 26,
    });
    if (result.status !== 0) {
      const lines = `${result.stdout ?? ''}${result.stderr ?? ''}`.split('\n');
      const told = lines.filter((line) => /^[EW]: /.test(line)).join('\n') || lines.slice(-10).join('\n');
      const hint = /NO_PUBKEY|not signed/.test(told)
        ? '\nThe keys of the wanted suites are missing: apt-get install --only-upgrade debian-archive-keyring'
        : '';
      throw new SetupError(
        `apt-get ${argv[0]} failed (${result.error?.message ?? `status ${result.status}`}):\n${told}${hint}`,
      );
    }
    return result.stdout;
  }
}

/** Unpacks a .deb into `root` without installing it. */
export function unpack(file, root) {
  mkdirSync(root, { recursive: true });
  const result = spawnSync('dpkg', ['-x', file, root], { encoding: 'utf8' });
  if (result.status !== 0) {
    throw new SetupError(`dpkg -x ${path.basename(file)} failed: ${result.error?.message ?? result.stderr}`);
  }
}
