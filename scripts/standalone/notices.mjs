// The licences of what the standalone file holds besides this project.
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { project } from '../lib/project.mjs';
import { SetupError } from '../lib/setup-error.mjs';
import { bundledFolders, manifestOf } from './packages.mjs';

/** @returns {string} Markdown */
export function notices() {
  return `${runtimeNotice()}\n## Packages\n\n${packageNotices()}`;
}

function runtimeNotice() {
  const { version } = manifestOf('node_modules/bun');
  return `# Notices

This file is tsbpftool (MIT, see LICENSE) and the runtime that executes it.

## Bun ${version}

Bun is licensed under the MIT licence. It is linked statically with libraries under licences of their own; those under the
GNU Lesser General Public License are JavaScriptCore and WebCore's parts of it (WebKit, LGPL-2.0-or-later in part) and TinyCC
(LGPL-2.1-or-later). Bun's LICENSE.md lists all of them with their sources: https://github.com/oven-sh/bun, tag bun-v${version}.

The LGPL gives you the right to replace those libraries. To make this file again with a runtime that you changed:

1. Build Bun at the tag above with your change, as its documentation describes.
2. Take the sources of tsbpftool at the tag of this version and run \`npm ci\`.
3. Put your program in place of \`node_modules/bun/bin/bun.exe\`, or for another platform of
   \`.cache/runtimes/bun-linux-*-${version}/package/bin/bun\` (made by a first run), and run \`npm run standalone -- --target TARGET\`: it
   compiles with, and into, the program it finds there.

JavaScript of this project inside the file is readable text of the sources; nothing is encrypted or obfuscated.
`;
}

/** One of each package and version, wherever it is installed. */
function packageNotices() {
  const notices = bundledFolders().map((folder) => {
    const { name, version, license } = manifestOf(folder);
    const file = readdirSync(path.join(project, folder)).find((entry) => /^licen[cs]e/i.test(entry));
    if (file === undefined) throw new SetupError(`${name} has no licence text`);
    const text = readFileSync(path.join(project, folder, file), 'utf8').trim();
    return `### ${name} ${version} (${license})\n\n${text}\n`;
  });
  return [...new Set(notices)].join('\n');
}
