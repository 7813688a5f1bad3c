import type { OwnHandler } from '../../cli/index.ts';
import { type Graph, graphOf, plainJson, recordOf, titleOf, usualParts } from '../../inventory/index.ts';
import { inventoryOf, readHandle } from '../shared/inventory.ts';
import { htmlOf, type Picture, svgOf } from '../shared/picture.ts';
import { printable } from '../shared/refs.ts';

/** `graph [OBJECT] --format FORMAT`: who keeps what. */
export const graph: OwnHandler = (ctx, words, given) => {
  const handle = words.left > 0 ? readHandle(words) : undefined;
  if (words.left > 0) words.unexpected();
  const { inventory } = inventoryOf(ctx, given, [...usualParts, 'allPins']);
  const around = handle && recordOf(inventory, handle);
  const found = graphOf(inventory, around);
  const title = `BPF on ${inventory.host}${around ? `: ${titleOf(around)}` : ''}`;
  const format = ctx.json === undefined ? given.text('format')! : 'json';
  const text = writers[format]!(found, title);
  if (ctx.json === undefined) ctx.print(text);
  else ctx.json.raw(text.trimEnd());
};

const writers: Readonly<Record<string, (graph: Graph, title: string) => string>> = {
  dot: dotText,
  mermaid: mermaidText,
  svg: (found, title) => svgOf(pictureOf(found, title)),
  html: (found, title) => htmlOf(pictureOf(found, title)),
  json: (found) => `${plainJson(found)}\n`,
};

function pictureOf({ nodes, edges }: Graph, title: string): Picture {
  const boxes = nodes.map(({ id, layer, kind, label, details }) => ({
    id,
    layer,
    kind,
    details,
    lines: label.split('\n'),
  }));
  return { title, boxes, lines: edges };
}

const shapes = { process: 'oval', link: 'cds', pin: 'note', attachment: 'cds', prog: 'box', map: 'cylinder' };

/** Takes control bytes out, which no format has a place for, and leaves the parting of lines. */
function lines(label: string): string[] {
  return label.split('\n').map(printable);
}

function dotText({ nodes, edges }: Graph, title: string): string {
  const quote = (text: string) => `"${text.replaceAll('\\', '\\\\').replaceAll('"', '\\"')}"`;
  const names = new Map(nodes.map(({ id }, i) => [id, `n${i}`]));
  const boxes = nodes.map(({ id, kind, label }) => {
    const text = lines(label)
      .map((line) => quote(line).slice(1, -1))
      .join('\\n');
    return `  ${names.get(id)} [shape=${shapes[kind]}, label="${text}"];`;
  });
  const ranks = [0, 1, 2, 3].flatMap((layer) => {
    const same = nodes.filter((node) => node.layer === layer).map(({ id }) => names.get(id));
    return same.length === 0 ? [] : [`  { rank=same; ${same.join('; ')}; }`];
  });
  const arrows = edges.map(({ from, to, kind }) => `  ${names.get(from)} -> ${names.get(to)} [label=${quote(kind)}];`);
  return `digraph ${quote(printable(title))} {\n  rankdir=LR;\n${[...boxes, ...ranks, ...arrows].join('\n')}\n}\n`;
}

function mermaidText({ nodes, edges }: Graph): string {
  // Entities are numbers of characters there; anything but plain text is written as one.
  const quote = (text: string) => text.replace(/[^\w ./:()[\],+-]/gu, (c) => `#${c.codePointAt(0)};`);
  const names = new Map(nodes.map(({ id }, i) => [id, `n${i}`]));
  const boxes = nodes.map(({ id, label }) => `  ${names.get(id)}["${lines(label).map(quote).join('<br>')}"]`);
  const arrows = edges.map(({ from, to, kind }) => `  ${names.get(from)} -->|${kind}| ${names.get(to)}`);
  return `flowchart LR\n${[...boxes, ...arrows].join('\n')}\n`;
}
