import { existsSync } from 'node:fs';
import { jsonText, pieceBytes } from '../../btf/index.ts';
import { fail, type OwnHandler, usage } from '../../cli/index.ts';
import { Errno, errnoOf, strerror } from '../../errors/index.ts';
import { type BpfMap, type ElementCodec, type HalfCodec, lendBatches } from '../../kernel/index.ts';
import { descriptorSink, type Sink } from '../../output/index.ts';
import { mapTypeName } from '../../uapi/index.ts';
import { OutputFile } from '../shared/output-file.ts';
import { Interruption, Progress } from '../shared/progress.ts';
import { selectMap } from '../shared/select-map.ts';
import { codecOf } from './typed.ts';

/** `map export MAP [FILE]`: every element as a line of JSON; without FILE, or for `-`, on standard output. */
export const exportMap: OwnHandler = async (ctx, words) => {
  if (words.left < 2 || words.left > 3) usage();
  using map = selectMap(ctx, words, { readOnly: true, loosely: true });
  const file = words.left > 0 ? words.next() : '-';
  const { keySize, type } = map.info();
  if (keySize === 0) {
    fail(`a map of type ${mapTypeName(type) ?? type} has no keys to go through: its elements can only be taken out`);
  }
  const codec = await codecOf(ctx, map.info());
  if (file === '-' && ctx.json !== undefined && ctx.json.depth > 0) {
    // Lines between the values of a batch would not be JSON.
    fail('lines of JSON cannot stand inside the JSON of a batch: give a FILE');
  }
  if (file === '-') {
    ctx.printsLines = true;
    const progress = new Progress(ctx, exported, { toFile: false });
    await writeLines(map, codec, { sink: ctx.stdout, progress });
    return;
  }
  const wasThere = existsSync(file);
  const progress = new Progress(ctx, exported, { toFile: true });
  using interruption = new Interruption();
  const written = () => `${progress}, ${wasThere ? `${file} is as it was` : `no file ${file} was made`}`;
  await intoFile(file, async (sink) =>
    writeLines(map, codec, { sink, progress, check: () => interruption.check(written) }),
  );
  ctx.json?.null();
};

async function intoFile(file: string, write: (sink: Sink) => Promise<void>): Promise<void> {
  let output: OutputFile;
  try {
    output = new OutputFile(file);
  } catch (cause) {
    fail(`can't open '${file}' for writing: ${strerror(errnoOf(cause, Errno.EIO))}`, { cause });
  }
  await output.withAsync(async (fd) => {
    const sink = descriptorSink(fd);
    await write(sink);
    sink.flush();
  });
}

const exported = { verb: 'exported', unit: 'entries' };

interface Output {
  readonly sink: Sink;
  readonly progress: Progress;
  /** Throws where the command has been interrupted. */
  readonly check?: () => void;
}

async function writeLines(map: BpfMap, codec: ElementCodec, { sink, progress, check }: Output): Promise<void> {
  // A half beyond `pieceBytes` is written in pieces, in order: then the sink must have all that comes before.
  const isLarge = Math.max(codec.key.size, codec.value.size) > pieceBytes;
  const key = halfWriter(sink, 'key', codec.key);
  const value = halfWriter(sink, 'value', codec.value);
  for await (const { keys, values, keySize, valueSize, count } of lendBatches(map)) {
    for (let i = 0; i < count; i++) {
      // One call for each line is faster where both halves are short.
      if (!isLarge) sink.text(`{${key(keys, i * keySize)},${value(values, i * valueSize)}}\n`);
      else {
        sink.text('{');
        sink.text(`${key(keys, i * keySize)},`);
        sink.text(`${value(values, i * valueSize)}}\n`);
      }
    }
    progress.add(count);
    check?.();
  }
  progress.end();
}

/** What remains to be written of one half of an element, when the pieces of a large one have been. */
type HalfWriter = (bytes: Uint8Array, at: number) => string;

function halfWriter(sink: Sink, name: string, half: HalfCodec): HalfWriter {
  return half.size > pieceBytes ? largeHalf(sink, name, half) : lineHalf(name, half);
}

/** As `lineHalf`, piece by piece. */
function largeHalf(sink: Sink, name: string, half: HalfCodec): HalfWriter {
  return (bytes, at) => {
    if (half.isExact(bytes, at)) {
      sink.text(`"${name}":`);
      half.write(bytes, at, (text) => sink.text(text));
      return '';
    }
    sink.text(`"${name}_hex":"`);
    const value = Buffer.from(bytes.buffer, bytes.byteOffset + at, half.size);
    for (let from = 0; from < half.size; from += pieceBytes)
      sink.latin1(value.toString('hex', from, from + pieceBytes));
    return '"';
  };
}

/** `"key":VALUE`; where decoding loses something (padding, unused bits), all bytes as `"key_hex":"0a00…"`. */
function lineHalf(name: string, half: HalfCodec): HalfWriter {
  const again = new Uint8Array(half.size);
  const view = new DataView(again.buffer);
  const original = Buffer.alloc(half.size);
  return (bytes, at) => {
    const value = half.decode(bytes, at);
    original.set(bytes.subarray(at, at + half.size));
    again.fill(0);
    half.into(value, again, view, 0);
    if (original.equals(again)) return `"${name}":${jsonText(value)}`;
    return `"${name}_hex":"${original.toString('hex')}"`;
  };
}
