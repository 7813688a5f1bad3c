// Boxes and lines as SVG, and as a page with search and details that loads nothing.
import { type Box, layOut, type Line, type Placed, textAt } from './picture-layout.ts';

export interface Picture {
  readonly title: string;
  readonly boxes: readonly Box[];
  readonly lines: readonly Line[];
  /** Layers are below each other. */
  readonly isVertical?: boolean;
  /** Characters after which a line of text is cut; 60 unless given. */
  readonly longestLine?: number;
}

const colours: Readonly<Record<string, string>> = {
  process: '#fde9c9',
  link: '#d9ecd3',
  pin: '#eee6f7',
  attachment: '#d9ecd3',
  prog: '#d5e5f8',
  map: '#f6d8d8',
};

const style =
  'text{font:12px ui-monospace,monospace;fill:#222}rect{stroke:#667;rx:4}path{fill:none;stroke:#889;marker-end:url(#a)}' +
  '.tail,.inner,.operation{stroke-dasharray:5 3;stroke:#b35}.hit rect{stroke:#d60;stroke-width:3}.off{opacity:.15}';

// biome-ignore lint/suspicious/noControlCharactersInRegex: XML has no way to write these
const notXml = /[\u0000-\u001f\u007f-\u009f\ufffe\uffff]/g;

/** Text as XML takes it: what no XML document may have is shown as its number. */
export function xmlText(text: string): string {
  return text
    .replace(notXml, (c) => `\\x${c.charCodeAt(0).toString(16).padStart(2, '0')}`)
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;');
}

/** An SVG document. */
export function svgOf({ title, boxes, lines, isVertical = false, longestLine = 60 }: Picture): string {
  const short = (text: string) => (text.length > longestLine ? `${text.slice(0, longestLine - 1)}\u2026` : text);
  const cut = boxes.map((box) => ({ ...box, lines: box.lines.map(short) }));
  const { placed, width, height } = layOut(cut, lines, { isVertical });
  const at = new Map(placed.map((box) => [box.id, box]));
  const numbers = new Map(placed.map(({ id }, i) => [id, i]));
  const paths = lines.flatMap(({ from, to, kind }) => {
    const [a, b] = [at.get(from), at.get(to)];
    if (a === undefined || b === undefined) return [];
    const [word = ''] = kind.split(' ');
    const ends = `data-from="${numbers.get(from)}" data-to="${numbers.get(to)}"`;
    return [
      `<path class="${xmlText(word)}" ${ends} d="${way(a, b, isVertical ? 'down' : 'right')}"><title>${xmlText(kind)}</title></path>`,
    ];
  });
  const rectangles = placed.map((box, i) => {
    const texts = box.lines.map((text, line) => {
      const { x, y } = textAt(line);
      return `<text x="${round(box.x + x)}" y="${round(box.y + y)}">${xmlText(text)}</text>`;
    });
    const size = `x="${round(box.x)}" y="${round(box.y)}" width="${round(box.width)}" height="${round(box.height)}"`;
    const about = xmlText([box.id, ...box.details].map((line) => line.replaceAll('\n', ' ')).join(' | '));
    return `<g class="box ${xmlText(box.kind)}" data-n="${i}"><title>${about}</title><rect ${size} fill="${colours[box.kind] ?? '#f4f4f4'}"/>${texts.join('')}</g>`;
  });
  const arrow =
    '<defs><marker id="a" viewBox="0 0 8 8" refX="8" refY="4" markerWidth="7" markerHeight="7" orient="auto"><path style="marker-end:none;stroke:none;fill:#889" d="M0 0L8 4L0 8z"/></marker></defs>';
  const [w, h] = [round(width), round(height)];
  return (
    `<svg xmlns="http://www.w3.org/2000/svg" width="${w}" height="${h}" viewBox="0 0 ${w} ${h}"><title>${xmlText(title)}</title>` +
    `<style>${style}</style>${arrow}<rect width="100%" height="100%" fill="#fff" style="stroke:none"/>\n${paths.join('\n')}\n${rectangles.join('\n')}\n</svg>\n`
  );
}

/** One HTML file. What is in it comes from the kernel and is text only: nothing of it runs, and nothing is loaded. */
export function htmlOf(picture: Picture): string {
  const policy = "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'";
  const title = xmlText(picture.title);
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta http-equiv="Content-Security-Policy" content="${policy}"><title>${title}</title>
<style>body{font:14px system-ui,sans-serif;margin:0}header{position:sticky;top:0;left:0;background:#fff;padding:8px 14px;border-bottom:1px solid #ccc;display:flex;gap:14px;align-items:center}
#about{white-space:pre-wrap;font:12px ui-monospace,monospace;position:fixed;right:12px;bottom:12px;max-width:40em;background:#fffe;border:1px solid #ccc;padding:8px}#about:empty{display:none}.box{cursor:pointer}</style></head>
<body><header><strong>${title}</strong><input id="find" type="search" placeholder="Search" aria-label="Search"><span id="count"></span></header>
<main>${svgOf(picture)}</main><div id="about" role="status"></div>
<script>
const boxes=[...document.querySelectorAll('.box')],paths=[...document.querySelectorAll('path[data-from]')],about=document.getElementById('about'),count=document.getElementById('count');
const show=(keep)=>{boxes.forEach((b,i)=>b.classList.toggle('off',!!keep&&!keep.has(i)));paths.forEach(p=>p.classList.toggle('off',!!keep&&!(keep.has(+p.dataset.from)&&keep.has(+p.dataset.to))))};
const reach=(n,a,b)=>{const s=new Set([n]);for(const i of s)for(const p of paths)if(+p.dataset[a]===i)s.add(+p.dataset[b]);return s};
boxes.forEach((b,i)=>b.addEventListener('click',()=>{about.textContent=b.querySelector('title').textContent.split(' | ').join('\\n');show(new Set([...reach(i,'from','to'),...reach(i,'to','from')]))}));
document.querySelector('main').addEventListener('dblclick',()=>{about.textContent='';show()});
document.getElementById('find').addEventListener('input',(e)=>{const t=e.target.value.toLowerCase();let n=0;boxes.forEach(b=>{const hit=t!==''&&b.textContent.toLowerCase().includes(t);b.classList.toggle('hit',hit);if(hit&&!n++)b.scrollIntoView({block:'center',inline:'center'})});count.textContent=t===''?'':n+' found'});
</script></body></html>
`;
}

/** A curve from one box to another: forwards from the right side, backwards and within a layer around the left. */
function way(a: Placed, b: Placed, direction: 'down' | 'right'): string {
  if (direction === 'down' && a.y + a.height < b.y) {
    const [x1, y1, x2, y2] = [a.x + a.width / 2, a.y + a.height, b.x + b.width / 2, b.y].map(round) as [
      number,
      number,
      number,
      number,
    ];
    const bend = round((y2 - y1) / 2);
    return `M${x1} ${y1}C${x1} ${y1 + bend} ${x2} ${y2 - bend} ${x2} ${y2}`;
  }
  const [y1, y2] = [round(a.y + a.height / 2), round(b.y + b.height / 2)];
  if (a.x + a.width < b.x) {
    const [x1, x2] = [round(a.x + a.width), round(b.x)];
    const bend = round((x2 - x1) / 2);
    return `M${x1} ${y1}C${x1 + bend} ${y1} ${x2 - bend} ${y2} ${x2} ${y2}`;
  }
  const isBack = a.x > b.x;
  const [x1, x2] = [round(isBack ? a.x : a.x + a.width), round(b.x + b.width)];
  const bend = isBack ? round((x1 - x2) / 2) : -45;
  return `M${x1} ${y1}C${x1 - bend} ${y1} ${x2 + Math.abs(bend)} ${y2} ${x2} ${y2}`;
}

function round(value: number): number {
  return Math.round(value * 10) / 10;
}
