import { quotedText, visibleText } from '../../bytes/index.ts';
import { Errno, strerror } from '../../errors/index.ts';
import { memberForm } from '../../trace/index.ts';
import type { TraceLine } from './trace-line.ts';

type Fields = Readonly<Record<string, unknown>>;

/** Members that stand before all others, in their order. Keys and values that could not be read are among the attributes. */
const first = ['map_fd', 'in_batch', 'out_batch', 'key', 'next_key', 'value', 'keys', 'values'];
const halves = first.slice(3);

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
  const { attributes } = line as { readonly attributes?: unknown };
  const whole = wholeAttribute(attributes);
  const attribute = whole ?? `{${members.map(([name, text]) => `${visibleText(name)}=${text}`).join(', ')}}`;
  return `${head}${command}, ${attribute}, ${Number(line.size)}${end}`;
}

/** An attribute that could not be read, or whose command nobody knows; undefined for others. */
function wholeAttribute(attributes: unknown): string | undefined {
  if (attributes === null) return 'NULL';
  const names = Object.keys(Object(attributes) as Fields);
  if (names.length !== 1) return undefined;
  const { address, bytes } = attributes as Fields;
  return address !== undefined ? addressText(address) : typeof bytes === 'string' ? bytesText(bytes) : undefined;
}

function addressText(address: unknown): string {
  return visibleText(String(address));
}

function bytesText(hex: string): string {
  return `[${visibleText(hex).replace(/..(?=.)/g, '$& ')}]`;
}

function membersOf(line: TraceLine): [name: string, text: string][] {
  const objects = (line.objects ?? {}) as Fields;
  const attributes = (line.attributes ?? {}) as Fields;
  const members: [string, string][] = Object.entries(attributes).map(([name, value]) => [
    name,
    name === 'insns' && Array.isArray(value) && value.length === 0
      ? `[… ${Number(attributes.insn_cnt)} more]`
      : memberText(value, memberForm(String(line.command), name), objects[name]),
  ]);
  for (const name of halves.filter((half) => line[half] !== undefined)) {
    const rank = first.indexOf(name);
    const last = members.findLastIndex(([other]) => first.indexOf(other) >= 0 && first.indexOf(other) < rank);
    members.splice(last + 1, 0, [name, halfText(line, name, objects)]);
  }
  return members;
}

function halfText(line: TraceLine, name: string, objects: Fields): string {
  if (objects[name] !== undefined) return memberText(line[name], undefined, objects[name]);
  if (line[name] === null) return bytesText(String(line[`${name}_hex`]).replace(/[^0-9a-f]/g, '')).replace(']', ' …]');
  const hex = line[`${name}_hex`];
  // Without a type, its bytes are all that is known of it.
  if (Array.isArray(line[name])) {
    const items = (line[name] as unknown[]).map((item, index) =>
      elementText(item, (hex as unknown[] | undefined)?.[index]),
    );
    return `[${items.join(', ')}]`;
  }
  return elementText(line[name], hex);
}

function elementText(value: unknown, hex: unknown): string {
  if (typeof value === 'string' && value === hex) return bytesText(value);
  return visibleText(valueText(value, 0));
}

/** How deep values may be nested; those of a trace never are. */
const deepest = 200;

/** As JSON, but for integers of any size. */
function valueText(value: unknown, depth: number): string {
  if (depth > deepest) return '…';
  if (typeof value === 'bigint') return String(value);
  if (Array.isArray(value)) {
    return `[${value.map((item) => valueText(item, depth + 1)).join(depth === 0 ? ', ' : ',')}]`;
  }
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  const members = Object.entries(value).map(([name, item]) => `${JSON.stringify(name)}:${valueText(item, depth + 1)}`);
  return `{${members.join(',')}}`;
}

function memberText(value: unknown, form: ReturnType<typeof memberForm>, object: unknown): string {
  if (value === null) return 'NULL';
  const described = object === undefined ? '' : `<${objectWords(object as Fields)}>`;
  if (typeof value === 'string') {
    return form === 'text' ? quotedText(value) : form === 'bytes' ? bytesText(value) : visibleText(value);
  }
  if (isAddress(value)) return addressText(value.address);
  if (Array.isArray(value)) return `[${value.map((item) => memberText(item, form, undefined)).join(', ')}]`;
  if (typeof value === 'object') {
    const inner = Object.entries(value as Fields).map(
      ([name, item]) => `${visibleText(name)}=${memberText(item, innerForm(name), undefined)}`,
    );
    return `{${inner.join(', ')}}`;
  }
  return `${String(value)}${described}`;
}

function isAddress(value: unknown): value is { readonly address: unknown } {
  return typeof value === 'object' && value !== null && 'address' in value && Object.keys(value).length === 1;
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
