import { describe, expect, it } from 'vitest';
import { JsonWriter, memorySink } from '../../../src/output/index.ts';

function write(pretty: boolean, body: (json: JsonWriter) => void): string {
  const sink = memorySink();
  body(new JsonWriter(sink, { pretty }));
  return sink.contents();
}

const sample = (json: JsonWriter) => {
  json.startArray().startObject().field('id', 1).name('bytes').startArray().string('0x01').string('0x02');
  json.endArray().name('none').startArray().endArray().endObject().startObject().endObject().endArray();
};

describe('the JSON writer', () => {
  it('writes compact JSON', () => {
    expect(write(false, sample)).toBe('[{"id":1,"bytes":["0x01","0x02"],"none":[]},{}]');
  });

  it('lays pretty JSON out as bpftool does', () => {
    expect(write(true, sample)).toBe(
      '[{\n        "id": 1,\n        "bytes": ["0x01","0x02"\n        ],\n        "none": []\n    },{}\n]',
    );
  });

  it('escapes what would break JSON', () => {
    expect(write(false, (json) => json.string('a"\\\n\u0001é'))).toBe('"a\\"\\\\\\n\\u0001é"');
  });

  it('closes what is open and pays the value a name still owes', () => {
    const text = write(false, (json) => {
      json.startArray().startObject().name('x');
      json.closeTo(0);
    });
    expect(text).toBe('[{"x":null}]');
  });
});
