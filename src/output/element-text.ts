import type { Sink } from './sink.ts';

/** Bytes of a value written at once, a multiple of 16: the text of a large one never is in memory as a whole. */
const pieceSize = 8192;

/** `"0x2a",` of each byte and a place for what follows, as the number whose eight bytes they are: one store each. */
const hexElements = Float64Array.from({ length: 256 }, (_, byte) =>
  Buffer.from(`"0x${hexOf(byte)}", `, 'latin1').readDoubleLE(0),
);
const hexPairs = Uint16Array.from({ length: 256 }, (_, byte) => Buffer.from(hexOf(byte), 'latin1').readUInt16BE(0));

function hexOf(byte: number): string {
  return byte.toString(16).padStart(2, '0');
}

/** How JSON is laid out. */
interface Layout {
  readonly pretty: boolean;
  /** Containers open around the element. */
  readonly depth: number;
}

/**
 * Writers of the parts of many elements that look alike: what is the same in each is made into bytes once, and a part is
 * written by stores into the sink's buffer.
 */
export class ElementText {
  readonly sink: Sink;
  readonly layout: Layout;

  constructor(sink: Sink, layout: Layout) {
    this.sink = sink;
    this.layout = layout;
  }

  /** A newline and the indentation `extra` levels deeper than the element; nothing when compact. */
  line(extra: number): string {
    return this.layout.pretty ? `\n${'    '.repeat(this.layout.depth + extra)}` : '';
  }

  name(name: string): string {
    return `"${name}":${this.layout.pretty ? ' ' : ''}`;
  }

  /** A writer of `length` bytes as an array of `"0x2a"`, its bracket on a line of its own at `extra`. */
  hexArray(extra: number, length: number): (bytes: Uint8Array, at: number) => void {
    const { sink } = this;
    if (length === 0) return this.constant('[]');
    const end = Buffer.from(`${this.line(extra)}]`);
    const room = Math.min(length, pieceSize) * 7 + 3 + end.length;
    return (bytes, at) => {
      let next = at;
      sink.reserve(room);
      sink.buf[sink.pos++] = 91;
      for (const last = at + length - pieceSize; next < last; ) {
        next = this.#hexElements(bytes, next, pieceSize);
        sink.reserve(room);
      }
      this.#hexElements(bytes, next, at + length - next);
      const { buf } = sink;
      let pos = sink.pos - 1;
      for (let i = 0; i < end.length; i++) buf[pos++] = end[i]!;
      sink.pos = pos;
    };
  }

  /** Writes bytes as elements with a comma after each. There must be room. Returns where the next one is. */
  #hexElements(bytes: Uint8Array, from: number, count: number): number {
    const { view } = this.sink;
    let { pos } = this.sink;
    const end = from + count;
    for (let i = from; i < end; i++) {
      view.setFloat64(pos, hexElements[bytes[i]!]!, true);
      pos += 7;
    }
    this.sink.pos = pos;
    return end;
  }

  /** A writer of `length` bytes as text: 16 a line, two spaces after 8, no newline at the end. */
  hexText(length: number): (bytes: Uint8Array, at: number) => void {
    const { sink } = this;
    // Gaps repeat, so that those of one piece are enough; none follows the last byte.
    const gaps = Array.from({ length: Math.min(length, pieceSize) }, (_, i) =>
      i % 16 === 15 ? '\n' : i % 8 === 7 ? '  ' : ' ',
    );
    const gapLengths = Uint8Array.from(gaps, (gap) => gap.length);
    const gapWords = Uint16Array.from(gaps, (gap) => Buffer.from(gap.padEnd(2), 'latin1').readUInt16BE(0));
    const piece = (bytes: Uint8Array, at: number, count: number) => {
      sink.reserve(count * 4);
      const { view } = sink;
      let { pos } = sink;
      for (let i = 0; i < count; i++) {
        view.setUint16(pos, hexPairs[bytes[at + i]!]!);
        // A shorter gap's second byte is overwritten next.
        view.setUint16(pos + 2, gapWords[i]!);
        pos += 2 + gapLengths[i]!;
      }
      sink.pos = pos;
    };
    if (length === 0) return () => undefined;
    const lastGap = gapLengths[(length - 1) % pieceSize]!;
    return (bytes, at) => {
      const end = at + length;
      for (let next = at; next < end; next += pieceSize) piece(bytes, next, Math.min(pieceSize, end - next));
      sink.pos -= lastGap;
    };
  }

  constant(text: string): () => void {
    const { sink } = this;
    const bytes = Buffer.from(text);
    const { length } = bytes;
    if (length > 64) return () => sink.bytes(bytes);
    // Whole words, the last one padded: what it writes too much is overwritten next.
    const words = new Float64Array(Math.ceil(length / 8));
    const padded = Buffer.alloc(words.length * 8);
    bytes.copy(padded);
    for (let i = 0; i < words.length; i++) words[i] = padded.readDoubleLE(i * 8);
    if (words.length === 1) {
      const [word] = words;
      return () => {
        sink.reserve(8);
        sink.view.setFloat64(sink.pos, word!, true);
        sink.pos += length;
      };
    }
    return () => {
      sink.reserve(length + 7);
      const { view, pos } = sink;
      for (let i = 0; i < words.length; i++) view.setFloat64(pos + i * 8, words[i]!, true);
      sink.pos = pos + length;
    };
  }
}
