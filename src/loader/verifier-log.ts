import {
  formatCoreRelocation,
  type LinkedProgram,
  type ObjectSpec,
  poisonedKfuncBase,
  poisonedMapBase,
} from '../object/index.ts';

const badRelocation = 'invalid func unknown#195896080\n';

/**
 * Puts causes in place of the made-up helper numbers that stand for things which could not be resolved: failed CO-RE
 * relocations, maps that were not created, kernel functions that were not found. Only the last ten lines are looked at.
 */
export function explainPoison(log: string, spec: ObjectSpec, program: LinkedProgram): string {
  const lines = log.split('\n');
  // The text after the last newline is not a line of the verifier's.
  for (let at = lines.length - 2, seen = 0; at >= 1 && seen < 10; at--, seen++) {
    const line = `${lines[at]}\n`;
    const previous = lines[at - 1]!;
    let replacement: string | undefined;
    if (line === badRelocation) {
      const match = /^(\d+): \(\w+\) call unknown#195896080/.exec(previous);
      if (!match) return log;
      replacement = explainRelocation(spec, program, Number(match[1]));
    } else if (line.startsWith('invalid func unknown#200100') || line.startsWith('invalid func unknown#2002')) {
      const match = /^(\d+): \(\w+\) call unknown#(\d+)/.exec(previous);
      if (!match) return log;
      replacement = explainNumber(spec, Number(match[1]), Number(match[2]));
    } else {
      continue;
    }
    if (replacement === undefined) return log;
    return [...lines.slice(0, at - 1), ...replacement.split('\n'), ...lines.slice(at + 1)].join('\n');
  }
  return log;
}

function explainRelocation(spec: ObjectSpec, program: LinkedProgram, index: number): string | undefined {
  const { btf } = spec;
  if (btf === undefined) return undefined;
  for (const { program: part, offset } of program.placements) {
    const relocation = part.coreRelocations.find((candidate) => candidate.index + offset === index);
    if (!relocation) continue;
    const text = formatCoreRelocation(btf, relocation).slice(0, 255);
    return `${index}: <invalid CO-RE relocation>\nfailed to resolve CO-RE relocation ${text}`;
  }
  return undefined;
}

function explainNumber(spec: ObjectSpec, index: number, helper: number): string | undefined {
  if (helper >= poisonedKfuncBase) {
    const extern = spec.externs[helper - poisonedKfuncBase];
    return extern && `${index}: <invalid kfunc call>\nkfunc '${extern.name}' is referenced but wasn't resolved`;
  }
  const map = spec.maps[helper - poisonedMapBase];
  return map && `${index}: <invalid BPF map reference>\nBPF map '${map.name}' is referenced but wasn't created`;
}
