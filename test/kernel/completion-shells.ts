// Asks real shells what they would offer.
import { spawnSync } from 'node:child_process';
import { expect } from 'vitest';

export interface ShellSetting {
  readonly project: string;
  /** Where the program is found by its names. */
  readonly bin: string;
  /** Where the shell is. */
  readonly folder: string;
}

export interface Answer {
  readonly words: readonly string[];
  readonly abouts: readonly string[];
}

function runShell(setting: ShellSetting, program: string, script: string): string {
  const { stdout, stderr, status } = spawnSync(program, [...flags[program]!, script], {
    encoding: 'utf8',
    cwd: setting.folder,
    env: { ...process.env, PATH: `${setting.bin}:${process.env.PATH}`, TERM: 'dumb' },
    timeout: 280_000,
  });
  expect(stderr).not.toMatch(/error/i);
  expect(status, stderr).toBe(0);
  return stdout;
}

const flags: Record<string, string[]> = {
  bash: ['--norc', '-c'],
  zsh: ['-f', '-c'],
  fish: ['--no-config', '-c'],
};

/** What stands between the marks of each line. */
function parts(text: string): string[][] {
  return text
    .split('<line>')
    .slice(1)
    .map((part) =>
      part
        .split('\n')
        .map((row) => row.replace(/\r$/, ''))
        .filter((row) => row !== ''),
    );
}

const quote = (word: string) => `'${word.replaceAll("'", "'\\''")}'`;

export function askBash(setting: ShellSetting, lines: readonly string[]): Answer[] {
  const asked = lines.map((line) => {
    const words = ['tsbpftool', ...line.split(' ')];
    return `echo '<line>'; COMP_WORDS=(${words.map(quote).join(' ')}); COMP_CWORD=${words.length - 1}; _tsbpftool; printf '%s\\n' "\${COMPREPLY[@]}"`;
  });
  const script = `source ${setting.project}/completions/tsbpftool.bash\n${asked.join('\n')}`;
  return parts(runShell(setting, 'bash', script)).map((words) => ({ words, abouts: [] }));
}

export function askFish(setting: ShellSetting, lines: readonly string[]): Answer[] {
  const asked = lines.map((line) => `echo '<line>'; complete -C ${quote(`tsbpftool ${line}`)}`);
  const script = `source ${setting.project}/completions/tsbpftool.fish\n${asked.join('\n')}`;
  return parts(runShell(setting, 'fish', script)).map((rows) => ({
    words: rows.map((row) => row.split('\t')[0]!),
    abouts: rows.map((row) => row.split('\t')[1] ?? ''),
  }));
}

/**
 * An interactive zsh at a pseudo-terminal of its own: each line is typed, then Tab, whose widget prints what is added to
 * the menu instead of showing it, then the line is taken back.
 */
export function askZsh(setting: ShellSetting, lines: readonly string[]): Answer[] {
  const inner = `
PROMPT= RPROMPT=; unsetopt beep
autoload -Uz compinit; compinit -u -D
source ${setting.project}/completions/tsbpftool.zsh
zstyle ':completion:*' completer _complete
zstyle ':completion:*' matcher-list ''
compadd() {
  if [[ \${@[1,(i)(-|--)]} == *-(O|A|D)* ]]; then builtin compadd "$@"; return; fi
  local -a hits described
  local at=\${@[(i)-d]}
  builtin compadd -A hits "$@"
  (( at < $# )) && described=("\${(@P)@[at+1]}")
  print -rl -- $'\\n'"<words>" $hits "<abouts>" $described "</abouts>"
  (( $#hits ))
}
ask() { print -rl -- '' '<line>'; zle complete-word; print -rl -- '' '<done>'; BUFFER= }
zle -N ask
bindkey '^I' ask
`;
  const script = `
zmodload zsh/zpty
zpty shell zsh -f -i
zpty -w shell ${quote(inner)}
zpty -w shell "print -r -- '<re''ady>'"
zpty -r shell text '*<ready>*' || exit 1
for line in ${lines.map(quote).join(' ')}; do
  zpty -w -n shell "tsbpftool $line"$'\\t'
  zpty -r shell text '*<done>*' || exit 1
  print -r -- "$text"
done
zpty -d shell
`;
  return parts(runShell(setting, 'zsh', script)).map((rows) => {
    const words: string[] = [];
    const abouts: string[] = [];
    let into: string[] | undefined;
    for (const row of rows) {
      if (row === '<words>') into = words;
      else if (row === '<abouts>') into = abouts;
      else if (row === '</abouts>' || row === '<done>') into = undefined;
      else into?.push(row);
    }
    return { words, abouts };
  });
}
