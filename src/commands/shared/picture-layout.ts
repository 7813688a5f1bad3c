// Where boxes stand: layers from left to right, and in each an order in which few edges cross.

export interface Box {
  readonly id: string;
  readonly layer: number;
  readonly lines: readonly string[];
  readonly kind: string;
  readonly details: readonly string[];
}
export interface Placed extends Box {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}
export interface Line {
  readonly from: string;
  readonly to: string;
  readonly kind: string;
}

const [lineHeight, padding, gap, layerGap, characterWidth] = [15, 8, 14, 90, 7.3];
/** Rounds in which each layer is put in the order of its neighbours. */
const rounds = 4;

/** Places boxes; answers them and the size of the picture. */
export function layOut(
  boxes: readonly Box[],
  lines: readonly Line[],
): { placed: Placed[]; width: number; height: number } {
  const layers: Box[][] = [];
  for (const box of boxes) {
    layers[box.layer] ??= [];
    layers[box.layer]!.push(box);
  }
  const used = layers.filter((layer) => layer !== undefined);
  const neighbours = new Map<string, string[]>();
  for (const { from, to } of lines) {
    neighbours.set(from, [...(neighbours.get(from) ?? []), to]);
    neighbours.set(to, [...(neighbours.get(to) ?? []), from]);
  }
  const rank = new Map<string, number>();
  const number = (layer: readonly Box[]) => {
    for (const [i, { id }] of layer.entries()) rank.set(id, (i + 0.5) / layer.length);
  };
  for (const layer of used) number(layer);
  for (let round = 0; round < rounds; round++) {
    for (const layer of round % 2 === 0 ? used : [...used].reverse()) {
      const mean = new Map(
        layer.map(({ id }) => [
          id,
          average(
            (neighbours.get(id) ?? []).map((other) => rank.get(other)!),
            rank.get(id)!,
          ),
        ]),
      );
      layer.sort((a, b) => mean.get(a.id)! - mean.get(b.id)!);
      number(layer);
    }
  }
  const placed: Placed[] = [];
  let x = gap;
  const heights = used.map((layer) => layer.reduce((sum, box) => sum + heightOf(box) + gap, 0));
  const height = Math.max(0, ...heights) + 2 * gap;
  for (const [index, layer] of used.entries()) {
    const width =
      Math.max(...layer.flatMap(({ lines: texts }) => texts.map((text) => text.length * characterWidth))) + 2 * padding;
    let y = (height - heights[index]!) / 2 + gap / 2;
    for (const box of layer) {
      placed.push({ ...box, x, y, width, height: heightOf(box) });
      y += heightOf(box) + gap;
    }
    x += width + layerGap;
  }
  return { placed, width: Math.max(gap * 2, x - layerGap + gap), height };
}

function heightOf({ lines }: Box): number {
  return lines.length * lineHeight + 2 * padding;
}

function average(values: readonly number[], otherwise: number): number {
  return values.length === 0 ? otherwise : values.reduce((sum, value) => sum + value, 0) / values.length;
}

/** Where the text of a box's line stands, from its upper left corner. */
export function textAt(index: number): { x: number; y: number } {
  return { x: padding, y: padding + lineHeight * (index + 0.8) };
}
