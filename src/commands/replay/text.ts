import { quotedText, visibleText } from '../../bytes/index.ts';
import { Errno, strerror } from '../../errors/index.ts';
import { memberForm } from '../../trace/index.ts';
import type { TraceLine } from './trace-line.ts';

type Fields = Readonly<Record<string, unknown>>;

/** Members behind which keys and values stand. */
const before = ['map_fd', 'in_batch', 'out_batch'];
const halves = ['key', 'next_key', 'value', 'keys', 'values'];

/** A line of `trace -j` as `trace` prints it. */
export function replayText(line: TraceLine): string {
  if (line.event === 'lost') return `--- ${Number(line.lost)} call${line.lost === 1 ? '' : 's'} lost ---\n`;
  if (line.event !== 'call') return '';
  const { pid, tid } = line;
  const who = pid === tid ? `${Number(pid)}` : `${Number(pid)}/${Number(tid)}`;
  const command = visibleText(String(line.command));
  const members = membersOf(line);
  const head = `${visibleText(String(line.comm))}[${who}] ${visibleText(String(line.call))}(`;
  const end = `) = ${resultText(line)}\n`;
  if (line.call === 'ioctl') {
    const [fd = '', ...rest] = members.map(([, text]) => text);
    return `${head}${[fd, command, ...rest].join(', ')}${end}`;
  }
  if (line.call !== 'bpf') return `${head}${members.map(([, text]) => text).join(', ')}${end}`;
  const attribute = `{${members.map(([name, text]) => `${visibleText(name)}=${text}`).join(', ')}}`;
  return `${head}${command}, ${attribute}, ${Number(line.size)}${end}`;
}

function membersOf(line: TraceLine): [name: string, text: string][] {
  const objects = (line.objects ?? {}) as Fields;
  const members: [string, string][] = Object.entries((line.attributes ?? {}) as Fields).map(([name, value]) => [
    name,
    memberText(value, memberForm(String(line.command), name), objects[name]),
  ]);
  const found = halves.filter((name) => line[name] !== undefined);
  const last = members.findLastIndex(([name]) => before.includes(name));
  const shown = found.map((name): [string, string] => [name, halfText(line, name, objects)]);
  members.splice(last + 1, 0, ...shown);
  return members;
}

function halfText(line: TraceLine, name: string, objects: Fields): string {
  if (objects[name] !== undefined) return memberText(line[name], undefined, objects[name]);
  if (line[name] === null)
    return `[${String(line[`${name}_hex`])
      .replace(/[^0-9a-f]/g, '')
      .replace(/..(?=.)/g, '$& ')} …]`;
  return visibleText(JSON.stringify(line[name]));
}

function memberText(value: unknown, form: ReturnType<typeof memberForm>, object: unknown): string {
  if (value === null) return 'NULL';
  const described = object === undefined ? '' : `<${objectWords(object as Fields)}>`;
  if (typeof value === 'string') {
    return form === 'text'
      ? quotedText(value)
      : form === 'bytes'
        ? `[${value.replace(/..(?=.)/g, '$& ')}]`
        : visibleText(value);
  }
  if (Array.isArray(value)) return `[${value.map((item) => memberText(item, form, undefined)).join(', ')}]`;
  if (typeof value === 'object') {
    const inner = Object.entries(value as Fields).map(
      ([name, item]) => `${visibleText(name)}=${memberText(item, innerForm(name), undefined)}`,
    );
    return `{${inner.join(', ')}}`;
  }
  return `${String(value)}${described}`;
}

function innerForm(name: string): 'text' | undefined {
  return name === 'name' ? 'text' : undefined;
}

/** As `trace` describes an object. */
function objectWords({ kind, id, name, type, cpu, prog_id: program }: Fields): string {
  const words = visibleText(String(name ?? ''));
  switch (kind) {
    case 'perf':
      return `perf ${words}${Number(cpu) < 0 ? '' : ` cpu ${Number(cpu)}`}`;
    case 'file':
      return words.startsWith('anon_inode:') ? words : `file "${words}"`;
    case 'link':
      return `link ${Number(id)} ${visibleText(String(type))}${Number(program) === 0 ? '' : ` prog ${Number(program)} "${words}"`}`;
    default:
      return `${visibleText(String(kind))} ${Number(id)}${words === '' ? '' : ` "${words}"`}`;
  }
}

function resultText({ result, errno, object }: TraceLine): string {
  if (typeof errno === 'string') {
    const number = (Errno as Readonly<Record<string, number>>)[errno];
    return `-1 ${visibleText(errno)}${number === undefined ? '' : ` (${strerror(number)})`}`;
  }
  return `${String(Number(result))}${object === undefined ? '' : `<${objectWords(object as Fields)}>`}`;
}
