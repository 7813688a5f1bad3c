// Where boxes stand: layers from left to right or from top to bottom, and in each an order in which few edges cross.

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
  { isVertical = false }: { readonly isVertical?: boolean } = {},
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
  // Along: from layer to layer; across: within one.
  const across = isVertical ? widthOf : heightOf;
  const along = isVertical ? heightOf : widthOf;
  const placed: Placed[] = [];
  const extents = used.map((layer) => layer.reduce((sum, box) => sum + across(box) + gap, 0));
  const most = Math.max(0, ...extents) + 2 * gap;
  let at = gap;
  for (const [index, layer] of used.entries()) {
    let beside = (most - extents[index]!) / 2 + gap / 2;
    for (const box of layer) {
      const [x, y] = isVertical ? [beside, at] : [at, beside];
      // Boxes of one column are as wide as each other.
      const width = isVertical ? widthOf(box) : Math.max(...layer.map(widthOf));
      placed.push({ ...box, x, y, width, height: heightOf(box) });
      beside += across(box) + gap;
    }
    at += Math.max(...layer.map(along)) + (isVertical ? layerGap / 2 : layerGap);
  }
  const length = Math.max(gap * 2, at);
  return isVertical ? { placed, width: most, height: length } : { placed, width: length, height: most };
}

function widthOf({ lines }: Box): number {
  return Math.max(0, ...lines.map((text) => text.length * characterWidth)) + 2 * padding;
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
