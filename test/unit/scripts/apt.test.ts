import { describe, expect, it } from 'vitest';
import { debianArchive, parseDeb822, parseOneLine } from '../../../scripts/setup/apt.mjs';

describe('the machine’s apt sources', () => {
  it('are read from one-line files', () => {
    const text = `# comment
deb [arch=amd64 signed-by=/usr/share/keyrings/k.gpg] https://mirror.example/debian bookworm main contrib # words
deb-src https://mirror.example/debian bookworm main
  deb cdrom:[Disk]/ bookworm main
deb http://other.example/repo stable
`;
    expect(parseOneLine(text)).toEqual([
      {
        uri: 'https://mirror.example/debian',
        suites: ['bookworm'],
        components: ['main', 'contrib'],
        signedBy: '/usr/share/keyrings/k.gpg',
      },
      { uri: 'cdrom:[Disk]/', suites: ['bookworm'], components: ['main'], signedBy: undefined },
      { uri: 'http://other.example/repo', suites: ['stable'], components: [''], signedBy: undefined },
    ]);
  });

  it('are read from deb822 files, with comments, folded fields and switched-off stanzas', () => {
    const text = `Types: deb deb-src
# a snapshot
URIs: http://mirror.example/debian
Suites: bookworm
 bookworm-updates
Components: main
Signed-By: /usr/share/keyrings/k.gpg

Types: deb
Enabled: no
URIs: http://off.example/debian
Suites: bookworm
Components: main

Types: deb-src
URIs: http://source.example/debian
Suites: bookworm
Components: main
`;
    expect(parseDeb822(text)).toEqual([
      {
        uri: 'http://mirror.example/debian',
        suites: ['bookworm', 'bookworm-updates'],
        components: ['main'],
        signedBy: '/usr/share/keyrings/k.gpg',
      },
    ]);
  });
});

describe('the Debian archive', () => {
  const source = (uri: string, suite: string) => ({ uri, suites: [suite], components: ['main'], signedBy: undefined });

  it('is the source of this release, not its security updates', () => {
    const sources = [
      source('http://a.example/debian-security', 'bookworm-security'),
      source('http://a.example/node', 'nodistro'),
      source('http://a.example/debian', 'bookworm'),
    ];
    expect(debianArchive(sources, { VERSION_CODENAME: 'bookworm' }).uri).toBe('http://a.example/debian');
  });

  it('is found by a Debian suite when the release has another name', () => {
    const sources = [source('http://a.example/derived', 'fancy'), source('http://a.example/debian', 'trixie-updates')];
    expect(debianArchive(sources, { VERSION_CODENAME: 'other' }).uri).toBe('http://a.example/debian');
  });

  it('is missed in words when there is none', () => {
    expect(() => debianArchive([], {})).toThrow(/no Debian archive found/);
  });
});
